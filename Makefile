# demo: the default build and a tour of it.   test: every suite.   test-gpu: what needs CUDA.
.PHONY: demo test test-gpu setup clean

demo:
	cargo build --release
	target/release/vqz demo

test:
	scripts/test.sh

test-gpu:
	scripts/test-gpu.sh

# What `make test` installs by itself.
setup:
	scripts/setup.sh

clean:
	cargo clean
	rm -rf .deps
