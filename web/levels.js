/** How loud a stream is at this moment, for the picture of the call. */

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

  /** From 0 (silence) to 1 (a loud voice), smoothed. */
  of(name) {
    const meter = this.#meters.get(name);
    if (!meter) return 0;
    meter.analyser.getFloatTimeDomainData(meter.samples);
    let sum = 0;
    for (const sample of meter.samples) sum += sample * sample;
    const decibels = 10 * Math.log10(sum / meter.samples.length + 1e-9);
    const level = Math.min(Math.max((decibels + 55) / 45, 0), 1); // -55 dB: a quiet room; -10 dB: a voice near the microphone
    meter.level += (level - meter.level) * (level > meter.level ? 0.6 : 0.15);
    return meter.level;
  }

  close() {
    this.#context.close();
  }
}
