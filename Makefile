# Names for what scripts/ does; each script has --help. Arguments: make test ARGS='-R uuid'.
.PHONY: run test demo bench docs format clean

run test demo bench:
	@scripts/$@ $(ARGS)

# docs/events.md and docs/asyncapi.yaml from the declarations of the events; .env.example and the table in
# docs/operate/settings.md from those of the settings.
docs:
	@cmake --preset release >/dev/null && cmake --build build/release --target docs

format:
	@scripts/install lint
	@git ls-files -z '*.cpp' '*.hpp' | xargs -0 clang-format-16 -i

# What is built. The data of scripts/run stays; `scripts/run --fresh` drops it.
clean:
	rm -rf build
