"""Engines that need no key and no network: pocketsphinx, eSpeak NG, a small scripted agent."""
