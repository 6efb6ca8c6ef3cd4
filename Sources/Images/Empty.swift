import CVips
public func probe() -> Int32 { cv_probe() }
