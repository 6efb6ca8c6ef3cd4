// swift-tools-version: 6.1

import PackageDescription

// The path of libtorch: `Scripts/bootstrap` writes `.libtorch/pkgconfig/libtorch.pc`, and the Makefile exports
// PKG_CONFIG_PATH. So the package has no unsafe flags, and other packages can depend on it.
let package = Package(
  name: "swift-stylegan",
  platforms: [.macOS(.v14)],
  products: [
    .executable(name: "stylegan", targets: ["StyleGANTool"]),
    .library(name: "GANs", targets: ["GANs"]),
    .library(name: "Datasets", targets: ["Datasets"]),
    .library(name: "Images", targets: ["Images"]),
    .library(name: "Torch", targets: ["Torch"]),
    .library(name: "Files", targets: ["Files"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
  ],
  targets: [
    // System libraries: module maps only.
    .systemLibrary(name: "CLibtorch", path: "Sources/System/libtorch", pkgConfig: "libtorch"),
    .systemLibrary(
      name: "CLibvips", path: "Sources/System/libvips", pkgConfig: "vips",
      providers: [.apt(["libvips-dev"]), .brew(["vips"])]),
    .systemLibrary(
      name: "CLibjpeg", path: "Sources/System/libjpeg", pkgConfig: "libjpeg",
      providers: [.apt(["libjpeg-dev"]), .brew(["jpeg-turbo"])]),
    .systemLibrary(
      name: "CLibzip", path: "Sources/System/libzip", pkgConfig: "libzip",
      providers: [.apt(["libzip-dev"]), .brew(["libzip"])]),
    .systemLibrary(
      name: "CZlib", path: "Sources/System/zlib", pkgConfig: "zlib",
      providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),

    // Shims: the only code that includes libtorch, libvips or libjpeg.
    .target(name: "CTorch", dependencies: ["CLibtorch"]),
    .target(name: "CVips", dependencies: ["CLibvips", "CLibjpeg"]),

    // The built-in detector of metrics, as bytes in the program.
    .target(name: "CDetectors", exclude: ["fashion.safetensors"]),

    .target(name: "Files"),
    .target(name: "Torch", dependencies: ["Files", "CTorch"]),
    .target(name: "Images", dependencies: ["Files", "CVips"]),
    .target(name: "Datasets", dependencies: ["Files", "Images", "CLibzip", "CZlib"]),
    .target(name: "GANs", dependencies: ["Files", "Torch", "Images", "Datasets", "CDetectors"]),
    .executableTarget(
      name: "StyleGANTool",
      dependencies: [
        "GANs", "Datasets", "Images", "Torch", "Files",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),

    .target(name: "_TestSupport", dependencies: ["Files", "Torch", "Images"]),
    .testTarget(name: "FilesTests", dependencies: ["Files", "_TestSupport"]),
    .testTarget(
      name: "TorchTests", dependencies: ["CTorch", "Torch", "Files", "_TestSupport"], resources: [.copy("Fixtures")]),
    .testTarget(
      name: "ImagesTests", dependencies: ["Images", "Files", "_TestSupport"], resources: [.copy("Fixtures")]),
    .testTarget(
      name: "DatasetsTests", dependencies: ["Datasets", "Images", "Files", "CLibzip", "_TestSupport"]),
    .testTarget(
      name: "GANsTests", dependencies: ["GANs", "Images", "Torch", "Files", "_TestSupport"],
      resources: [.copy("Fixtures")]),
    .testTarget(
      name: "StyleGANToolTests",
      dependencies: ["StyleGANTool", "GANs", "Images", "Torch", "Files", "_TestSupport"], exclude: ["Snapshots"]),
  ],
  cxxLanguageStandard: .cxx20
)

// `make fuzz`: the fuzz targets, with coverage counters in all modules of Swift and in CVips. This needs libFuzzer of the
// toolchain, and unsafe flags that no other build has. The program is a library here, without its entry point.
if Context.environment["STYLEGAN_FUZZ"] != nil {
  let tool = "StyleGANTool"
  let modules = ["Files", "Torch", "Images", "Datasets", "GANs"]
  package.products.removeAll { $0.name == "stylegan" }
  package.targets = package.targets.map { $0.name == tool ? .target(name: tool, dependencies: $0.dependencies) : $0 }
  package.targets.append(
    .executableTarget(
      name: "Fuzz",
      dependencies: (modules + [tool, "CZlib"]).map { .init(stringLiteral: $0) } + [
        .product(name: "ArgumentParser", package: "swift-argument-parser")
      ], path: "Fuzz/Sources"))
  for target in package.targets where (modules + [tool]).contains(target.name) {
    let entry = target.name == tool ? ["-Xfrontend", "-entry-point-function-name", "-Xfrontend", "stylegan_main"] : []
    target.swiftSettings = [.unsafeFlags(["-sanitize=fuzzer", "-enable-testing"] + entry)]
  }
  for target in package.targets where target.name == "CVips" {
    target.cSettings = [.unsafeFlags(["-fsanitize=fuzzer-no-link"])]
  }
}
