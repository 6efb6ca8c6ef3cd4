import CTorch
import Testing
import Torch
import _TestSupport

/// Fused operations read what shapes promise: those that do not fit are refused in words, at the door to libtorch.
@Suite struct FusedShapeTests {
  private func tensor(_ shape: [Int64], _ dtype: Int = CT_FLOAT32) -> ct_tensor {
    var out: ct_tensor?
    var message: UnsafeMutablePointer<CChar>?
    let status = ct_full(
      shape, Int64(shape.count), 1, Int32(dtype), ct_device(kind: Int32(CT_CPU), index: 0), &out, &message)
    precondition(status == 0)
    return out!
  }

  /// What a call is refused with; nil where it is not.
  private func refusal(
    _ call: (UnsafeMutablePointer<ct_tensor?>, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> ct_status
  ) -> String? {
    var out: ct_tensor?
    var message: UnsafeMutablePointer<CChar>?
    guard call(&out, &message) != 0 else {
      ct_tensor_free(out!)
      return nil
    }
    defer { ct_message_free(message!) }
    return String(cString: message!)
  }

  private func convolution(_ x: [Int64], _ weight: [Int64], _ kind: Int, _ dtype: Int = CT_FLOAT32) -> String? {
    let (x, weight, filters) = (tensor(x, dtype), tensor(weight), ct_filters_new())
    defer {
      ct_tensor_free(x)
      ct_tensor_free(weight)
      ct_filters_free(filters)
    }
    return refusal { ct_fused_convolution(x, weight, filters, Int32(kind), 1, nil, 0.2, $0, $1) }
  }

  @Test func convolutionsTakeWhatFits() throws {
    for kind in [CT_RESAMPLE_NONE, CT_RESAMPLE_UP, CT_RESAMPLE_DOWN] {
      #expect(convolution([2, 8, 4, 6], [5, 8, 3, 3], kind) == nil)
      for inputs: Int64 in [4, 16] {
        let message = try #require(convolution([2, 8, 4, 4], [5, inputs, 3, 3], kind))
        #expect(message.contains("a weight for \(inputs) channels, but images [2, 8, 4, 4]"))
      }
      for weight: [Int64] in [[5, 8, 1, 1], [5, 8, 4, 4], [5, 72], [5, 8, 3], [0, 8, 3, 3]] {
        #expect(try #require(convolution([2, 8, 4, 4], weight, kind)).contains("weights [outputs, inputs, 3, 3]"))
      }
      for x: [Int64] in [[8, 4, 4], [0, 8, 4, 4], [1, 8, 0, 4]] {
        #expect(try #require(convolution(x, [5, 8, 3, 3], kind)).contains("a fused kernel takes image"))
      }
      #expect(try #require(convolution([1, 8, 4, 4], [5, 8, 3, 3], kind, CT_FLOAT64)).contains("float32 or bfloat16"))
    }
    for side: (Int64, Int64) in [(5, 4), (4, 5), (1, 1)] {
      #expect(convolution([1, 8, side.0, side.1], [5, 8, 3, 3], CT_RESAMPLE_UP) == nil)
      for kind in [CT_RESAMPLE_NONE, CT_RESAMPLE_DOWN] {
        let message = try #require(convolution([1, 8, side.0, side.1], [5, 8, 3, 3], kind))
        #expect(message.contains("even height and width"))
      }
    }
    #expect(try #require(convolution([1, 8, 4, 4], [5, 8, 3, 3], 7)).contains("unknown resampling code 7"))
  }

  @Test func biasesHaveAValueAChannel() throws {
    let x = tensor([2, 8, 4, 4])
    defer { ct_tensor_free(x) }
    for (shape, fits): ([Int64], Bool) in [([8], true), ([7], false), ([9], false), ([8, 1], false), ([], false)] {
      let bias = tensor(shape)
      defer { ct_tensor_free(bias) }
      let message = refusal { ct_fused_bias_activation(x, bias, 0.2, $0, $1) }
      #expect(fits ? message == nil : try #require(message).contains("a bias of"))
      let (weight, filters) = (tensor([8, 8, 3, 3]), ct_filters_new())
      defer {
        ct_tensor_free(weight)
        ct_filters_free(filters)
      }
      let refused = refusal {
        ct_fused_convolution(x, weight, filters, Int32(CT_RESAMPLE_NONE), 1, bias, 0.2, $0, $1)
      }
      #expect(fits ? refused == nil : try #require(refused).contains("a bias of"))
    }
  }

  @Test func epiloguesTakeWhatFits() throws {
    typealias Case = (
      noise: [Int64]?, strength: [Int64]?, bias: [Int64], style: [Int64], complaint: String?
    )
    let cases: [Case] = [
      (nil, nil, [8], [2, 16], nil),
      ([2, 1, 4, 4], [8], [8], [2, 16], nil),
      ([1, 1, 4, 4], [8], [8], [2, 16], nil),
      (nil, nil, [4], [2, 16], "a bias of [4]"),
      (nil, nil, [8], [2, 8], "a style of [2, 8]"),
      (nil, nil, [8], [1, 16], "a style of [1, 16]"),
      (nil, nil, [8], [32], "a style of [32]"),
      ([1, 1, 4, 4], [4], [8], [2, 16], "a noise strength of [4]"),
      ([1, 1, 4, 4], [1, 8], [8], [2, 16], "a noise strength of [1, 8]"),
      ([1, 1, 2, 8], [8], [8], [2, 16], "noise of [1, 1, 2, 8]"),
      ([3, 1, 4, 4], [8], [8], [2, 16], "noise of [3, 1, 4, 4]"),
      ([1, 8, 4, 4], [8], [8], [2, 16], "noise of [1, 8, 4, 4]"),
      ([16], [8], [8], [2, 16], "noise of [16]"),
      ([1, 1, 4, 4], nil, [8], [2, 16], "needs a strength"),
    ]
    let x = tensor([2, 8, 4, 4])
    defer { ct_tensor_free(x) }
    for one in cases {
      let optional = [one.noise, one.strength].map { $0.map { tensor($0) } }
      let (bias, style) = (tensor(one.bias), tensor(one.style))
      defer { for t in optional + [bias, style] { if let t { ct_tensor_free(t) } } }
      let message = refusal { ct_fused_epilogue(x, optional[0], optional[1], bias, style, 0.2, false, false, $0, $1) }
      if let complaint = one.complaint {
        #expect(try #require(message).contains(complaint))
      } else {
        #expect(message == nil)
      }
    }
  }

  /// Styled convolutions refuse what their two halves refuse, for small images and for large ones.
  @Test(arguments: [4, 512] as [Int64]) func styledConvolutionsTakeWhatFits(size: Int64) throws {
    let (x, filters) = (tensor([1, 4, size, size]), ct_filters_new())
    defer {
      ct_tensor_free(x)
      ct_filters_free(filters)
    }
    let cases: [(weight: [Int64], bias: [Int64], style: [Int64], complaint: String?)] = [
      ([8, 4, 3, 3], [8], [1, 16], nil),
      ([8, 5, 3, 3], [8], [1, 16], "a weight for 5 channels"),
      ([8, 4], [8], [1, 16], "[outputs, inputs, 3, 3]"),
      ([8, 4, 3, 3], [4], [1, 16], "a bias of [4]"),
      ([8, 4, 3, 3], [8], [1, 8], "a style of [1, 8]"),
      ([8, 4, 3, 3], [8], [2, 16], "a style of [2, 16]"),
    ]
    for one in cases {
      let parts = [one.weight, one.bias, one.style].map { tensor($0) }
      defer { for part in parts { ct_tensor_free(part) } }
      let message = refusal {
        ct_fused_styled_convolution(x, parts[0], filters, 1, nil, nil, parts[1], parts[2], 0.2, $0, $1)
      }
      if let complaint = one.complaint {
        #expect(try #require(message).contains(complaint))
      } else {
        #expect(message == nil)
      }
    }
  }

  @Test func resamplingTakesWhatFits() throws {
    let cases: [(x: [Int64], type: Int, maps: [Int64], taps: Int64, complaint: String?)] = [
      ([2, 3, 8, 6], CT_FLOAT32, [2, 2, 3], 12, nil), ([2, 3, 8], CT_FLOAT32, [2, 2, 3], 12, "float32 images"),
      ([2, 3, 8, 6], CT_FLOAT64, [2, 2, 3], 12, "float32 images"),
      ([2, 0, 8, 6], CT_FLOAT32, [2, 2, 3], 12, "images"),
      ([2, 3, 8, 6], CT_FLOAT32, [1, 2, 3], 12, "maps [N, 2, 3], not [1, 2, 3]"),
      ([2, 3, 8, 6], CT_FLOAT32, [2, 3, 3], 12, "maps [N, 2, 3]"),
      ([2, 3, 8, 6], CT_FLOAT32, [2, 2, 3], 11, "12 taps"),
    ]
    for one in cases {
      let parts = [tensor(one.x, one.type), tensor(one.maps, CT_FLOAT64), tensor([one.taps], CT_FLOAT64)]
      defer { for part in parts { ct_tensor_free(part) } }
      for margins: [Int64] in [[1, 2, 3, 4], [0, 0, -1, 0]] {
        let message = refusal { ct_fused_resample(parts[0], parts[1], parts[2], margins, $0, $1) }
        if let complaint = one.complaint {
          #expect(try #require(message).contains(complaint))
        } else {
          #expect(margins[0] == 1 ? message == nil : message?.contains("a margin of -1") == true)
        }
      }
    }
  }

  /// Filters kept for one weight are not taken for another that lies where it lay.
  @Test func filtersBelongToOneWeight() {
    let filters = TransformedFilters()
    let x = RandomStream(seed: 1).normal([1, 4, 4, 4])
    withoutGradients {
      for seed: UInt64 in 1...8 {
        let weight = RandomStream(seed: seed).normal([4, 4, 3, 3])
        for w in [weight, weight.permuted([1, 0, 2, 3])] {
          expectClose(x.convolvedFused(w, filters: filters), x.conv2d(w, padding: 1), "weight \(seed)")
        }
      }
    }
  }
}
