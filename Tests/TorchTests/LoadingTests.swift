import Testing
import Torch
import _TestSupport

@Suite struct LoadingTests {
  private let folder: TemporaryFolder
  private var path: String { folder.file("weights.safetensors") }

  init() throws { folder = try TemporaryFolder() }

  private func store() -> ParameterStore {
    let store = ParameterStore(seed: 1)
    _ = (store.root / "a").parameter("weight", [2, 3], .normal(deviation: 1))
    _ = (store.root / "a").buffer("mean", [3], .constant(2))
    return store
  }

  @Test func whatIsWrittenIsLoaded() throws {
    var writer = SafetensorsWriter(metadata: ["k": "v"])
    let written = store()
    writer.add(written.state, prefix: "G.")
    try writer.write(to: path)
    let loaded = ParameterStore(seed: 2)
    _ = (loaded.root / "a").parameter("weight", [2, 3], .constant(0))
    _ = (loaded.root / "a").buffer("mean", [3], .constant(0))
    let file = try SafetensorsFile(path: path)
    try file.load(into: loaded.state, prefix: "G.")
    #expect(zip(loaded.state, written.state).allSatisfy { $0.value.bytes == $1.value.bytes })
    #expect(file.metadata == ["k": "v"])
  }

  @Test func oneErrorListsEverythingAndNothingIsLoaded() throws {
    var writer = SafetensorsWriter()
    writer.add([
      ("a.weight", .ones([3, 2])), ("b.weight", .ones([1])), ("c", Tensor.ones([2], dtype: .float64)),
      ("d", Tensor([Float.nan], shape: [1])),
    ])
    try writer.write(to: path)
    let target = Tensor.zeros([2, 3])
    let good = Tensor.zeros([1])
    let error = #expect(throws: LoadError.self) {
      try SafetensorsFile(path: path).load(into: [
        ("a.weight", target), ("missing", .zeros([4])), ("c", .zeros([2])), ("d", good),
      ])
    }
    #expect(error?.problems.count == 5)
    for part in [
      "'a.weight' is [3, 2], not [2, 3]", "'missing' [4] is missing", "'c' is F64", "'d' has values",
      "'b.weight' is not expected",
    ] {
      #expect(error?.description.contains(part) == true, "\(part)")
    }
    #expect(good.floats == [0])
  }
}
