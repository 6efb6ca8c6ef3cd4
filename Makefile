# make demo   train a StyleGAN on Fashion-MNIST for ten minutes and draw with it
# make test   lint, build and run every test
# make install PREFIX=~/.local   install the program, its completions and man pages
SHELL := /bin/bash
export PKG_CONFIG_PATH := $(CURDIR)/.libtorch/pkgconfig:$(PKG_CONFIG_PATH)

LIBTORCH_PATH = $(shell cat .libtorch/path)
# SwiftPM ignores the rpath of a .pc file. CUDA's libraries register themselves when loaded, so the linker must keep them.
LINK = -Xlinker -rpath -Xlinker $(LIBTORCH_PATH)/lib $(if $(filter Linux,$(shell uname)),-Xlinker --no-as-needed)
BUILD = -c release $(LINK)
STYLEGAN = .build/release/stylegan
SOURCES = Package.swift Sources Tests Fuzz/Sources
C_SOURCES = $(shell find Sources/CTorch Tests/Kernels -name '*.h' -o -name '*.cpp' -o -name '*.inc')
# The tests of the fused kernels.
KERNEL_TESTS = FusedTwinTests|FusedShapeTests|MinimalFilteringTests|StyledDrawingTests|ParallelLoopTests|KernelChoiceTests

.PHONY: demo test sanitize fuzz build bench documentation format lint clean bootstrap fixtures \
  stage install uninstall check-install

# All of it, with the build, takes about a quarter of an hour: a slow build shortens the training.
demo: export DEMO_STARTED := $(shell date +%s)
demo: build
	Scripts/demo

bootstrap:
	@Scripts/bootstrap >/dev/null

build: bootstrap
	swift build $(BUILD) --product stylegan

# The program as it is installed, in .build/stage. LIBTORCH_COPY=no: libtorch stays at its place.
stage: build
	swift build $(BUILD) --product generate-manual
	LIBTORCH_COPY='$(LIBTORCH_COPY)' Scripts/install stage

# Installs to $(DESTDIR)$(PREFIX). Under sudo nothing is built: run 'make stage' before 'sudo make install'.
PREFIX = /usr/local
install: $(if $(SUDO_UID),,stage)
	@DESTDIR='$(DESTDIR)' Scripts/install install '$(PREFIX)'

uninstall:
	@DESTDIR='$(DESTDIR)' Scripts/install uninstall '$(PREFIX)'

# Installs into an empty folder, moves it, and tries the program, its completions and man pages there.
check-install: stage
	Scripts/check-install

test: bootstrap lint
	swift build $(BUILD) --build-tests
	Scripts/check-kernels
	# As the program does: beside other programs, threads that spin while they wait make kernels many times slower.
	GOMP_SPINCOUNT=1000 swift test $(BUILD) --skip-build
	Scripts/check-library

# The tests of the kernels with the address and undefined-behavior sanitizers, in a separate build (minutes).
sanitize: bootstrap
	Scripts/sanitize '$(KERNEL_TESTS)' $(BUILD)

# Feeds every parser with inputs of libFuzzer, in a separate build (minutes): make fuzz MINUTES=30 TARGETS='zip npz'
MINUTES = 15
TARGETS =
fuzz: bootstrap
	Scripts/fuzz '$(MINUTES)' '$(TARGETS)' $(BUILD)

bench: build
	$(STYLEGAN) bench

# The documentation of the library, by the toolchain's docc. A broken link is an error.
documentation: build
	Scripts/documentation

# The golden files of the tests, from the references in Tests/Reference. Needs NumPy.
fixtures: bootstrap
	PYTHONPATH=.libtorch python3 Tests/Reference/make_fixtures.py
	PYTHONPATH=.libtorch python3 Tests/Reference/make_npz_fixtures.py

lint:
	swift format lint --strict --recursive --parallel $(SOURCES)
	@if command -v clang-format >/dev/null; then clang-format --dry-run --Werror $(C_SOURCES); \
	else echo "lint: SKIPPED for C and C++, clang-format is missing (apt-get install clang-format)" >&2; fi

format:
	swift format --in-place --recursive --parallel $(SOURCES)
	@if command -v clang-format >/dev/null; then clang-format -i $(C_SOURCES); \
	else echo "format: SKIPPED for C and C++, clang-format is missing (apt-get install clang-format)" >&2; fi

clean:
	rm -rf .build demo
