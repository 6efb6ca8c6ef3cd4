# make demo   train a StyleGAN on Fashion-MNIST for ten minutes and draw with it
# make test   lint, build and run every test
SHELL := /bin/bash
export PKG_CONFIG_PATH := $(CURDIR)/.libtorch/pkgconfig:$(PKG_CONFIG_PATH)

LIBTORCH_PATH = $(shell cat .libtorch/path)
# SwiftPM drops the rpath of a .pc file; CUDA's libraries register themselves when loaded, so they must not be dropped.
LINK = -Xlinker -rpath -Xlinker $(LIBTORCH_PATH)/lib $(if $(filter Linux,$(shell uname)),-Xlinker --no-as-needed)
BUILD = -c release $(LINK)
STYLEGAN = .build/release/stylegan
SOURCES = Package.swift Sources Tests

.PHONY: demo test build bench documentation format lint clean bootstrap fixtures

demo: build
	Scripts/demo

bootstrap:
	@Scripts/bootstrap >/dev/null

build: bootstrap
	swift build $(BUILD) --product stylegan

test: bootstrap lint
	swift build $(BUILD) --build-tests
	swift test $(BUILD) --skip-build
	STYLEGAN_KERNELS=generic swift test $(BUILD) --skip-build --filter 'MinimalFilteringTests|KernelTwinTests'
	STYLEGAN_TIMINGS=1 swift test $(BUILD) --skip-build --filter inceptionsSizeIsFast

bench: build
	$(STYLEGAN) bench

# The library's articles and symbols, by the toolchain's docc; a broken link is an error.
documentation: build
	Scripts/documentation

# The golden files of the tests, from the references in Tests/Reference (needs NumPy).
fixtures: bootstrap
	PYTHONPATH=.libtorch python3 Tests/Reference/make_fixtures.py
	PYTHONPATH=.libtorch python3 Tests/Reference/make_npz_fixtures.py

lint:
	swift format lint --strict --recursive --parallel $(SOURCES)

format:
	swift format --in-place --recursive --parallel $(SOURCES)

clean:
	rm -rf .build demo
