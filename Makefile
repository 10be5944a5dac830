# demo: the default build and a tour of it.   test: every suite.   test-gpu: what needs CUDA.   fuzz: ten minutes a target.
.PHONY: demo test test-gpu fuzz setup clean

demo:
	cargo build --release
	target/release/vqz demo

test:
	scripts/test.sh

test-gpu:
	scripts/test-gpu.sh

fuzz:
	scripts/fuzz.sh 600

# What `make test` installs by itself.
setup:
	scripts/setup.sh

clean:
	cargo clean
	rm -rf .deps
