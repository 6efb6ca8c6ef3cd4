import CTorch
public func probe() -> Int32 { ct_probe() }
