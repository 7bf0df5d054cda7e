"""What you need to test a graph or a processor of your own: a virtual clock, a one-node runner, a headless caller, and a Mistral server on loopback.

Everything here is public. Import from the modules, so that a test pays only for what it uses: `from voicegraph.testing.mistral import MistralServer`.
"""
