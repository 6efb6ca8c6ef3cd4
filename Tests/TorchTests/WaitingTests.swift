import Testing
import Torch

/// How long waiting threads stay awake.
@Suite struct WaitingTests {
  @Test func theTurnsFollowTheCostOfWaking() {
    #expect(Processor.WaitingTimes(waking: 10e-6, turn: 25e-9).turns == 4000)
    #expect(Processor.WaitingTimes(waking: 0, turn: 25e-9).turns == Processor.fewestWaitingTurns)
    #expect(Processor.WaitingTimes(waking: 1, turn: 0).turns == 20_000)
  }

  @Test func bothAreMeasured() {
    let times = Processor.measureWaiting()
    #expect(times.waking > 0 && times.waking.isFinite && times.turn > 0 && times.turn.isFinite)
  }
}
