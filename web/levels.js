/** How loud the two sides of a call are at this moment. */

export class Levels {
  #context = new AudioContext();
  #meters = new Map();

  /** Measure this stream under a name; another stream of the same name replaces it. */
  watch(name, stream) {
    this.#meters.get(name)?.source.disconnect();
    const source = this.#context.createMediaStreamSource(stream);
    const analyser = new AnalyserNode(this.#context, { fftSize: 512 });
    source.connect(analyser);
    this.#meters.set(name, { source, analyser, samples: new Float32Array(512), level: 0 });
  }

  /** The last hundredth of a second, in dB of full scale; digital silence, and a stream that is not there, are -90. */
  decibels(name) {
    const meter = this.#meters.get(name);
    if (!meter) return -90;
    meter.analyser.getFloatTimeDomainData(meter.samples);
    let sum = 0;
    for (const sample of meter.samples) sum += sample * sample;
    return 10 * Math.log10(sum / meter.samples.length + 1e-9);
  }

  /** From 0 (silence) to 1 (a loud voice), smoothed for the eye: to be asked once for each picture. */
  of(name) {
    const meter = this.#meters.get(name);
    if (!meter) return 0;
    const level = Math.min(Math.max((this.decibels(name) + 55) / 45, 0), 1); // -55 dB: a quiet room; -10 dB: a voice near the microphone
    meter.level += (level - meter.level) * (level > meter.level ? 0.6 : 0.15);
    return meter.level;
  }

  /** Seconds from the browser's mixer to the loudspeaker, as far as it knows. */
  get outputLatency() {
    return this.#context.outputLatency || this.#context.baseLatency || 0;
  }

  close() {
    this.#context.close();
  }
}
