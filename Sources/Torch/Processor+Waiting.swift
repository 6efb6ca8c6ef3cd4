import CTorch

extension Processor {
  /// What waiting costs, in seconds.
  public struct WaitingTimes: Sendable {
    /// From a signal to a sleeping thread until it runs.
    public let waking: Double
    /// A turn of the loop in which a thread of OpenMP waits awake.
    public let turn: Double

    /// Times.
    public init(waking: Double, turn: Double) { (self.waking, self.turn) = (waking, turn) }

    /// The turns that a thread should wait awake before it sleeps, 1000 to 20,000: ten times as long as waking takes,
    /// because a sleep costs more than the waking: processors of virtual machines stop, and caches cool. On Zen 4, where
    /// waking takes 5 to 12 µs, training at tiny width gained 5 % from 3000 and from 8000 turns, and no more from 30,000.
    public var turns: Int {
      Int(min(max(10 * waking / max(turn, 1e-10), Double(Processor.fewestWaitingTurns)), 20_000))
    }
  }

  /// The turns where other processes need the cores.
  public static var fewestWaitingTurns: Int { 1000 }

  /// Measures both, in about 3 ms: the median of several wakings, and the least of several turns.
  public static func measureWaiting() -> WaitingTimes {
    WaitingTimes(waking: ct_time_waking(), turn: ct_time_spin())
  }
}
