# demo: the default build and a tour of it.   check: a quick check before a commit.   test: every suite.
# test-gpu: what needs CUDA.   fuzz: ten minutes a target.   package: the crates as crates.io would get them.
.PHONY: demo check test test-gpu fuzz package setup clean

demo:
	cargo build --release
	target/release/vqz demo

check:
	scripts/check.sh

test:
	scripts/test.sh

test-gpu:
	scripts/test-gpu.sh

fuzz:
	scripts/fuzz.sh 600

package:
	scripts/package.sh

# What `make test` installs by itself.
setup:
	scripts/setup.sh

clean:
	cargo clean
	rm -rf .deps
