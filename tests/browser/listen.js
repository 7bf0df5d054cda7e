// What the caller hears, written where a test can wait for it: html[data-sound] is "never" until the page's audio element first plays something audible,
// then "on" or, after a fifth of a second of silence, "off".
(() => {
  const AUDIBLE = 0.02; // a peak that is a voice and not a residue of coding
  const SILENCE_MS = 200;
  const samples = new Float32Array(2048);
  let stream = null;
  let analyser = null;
  let lastHeard = 0;

  function attach(played) {
    stream = played;
    const context = new AudioContext();
    analyser = new AnalyserNode(context, { fftSize: samples.length });
    context.createMediaStreamSource(stream).connect(analyser);
  }

  setInterval(() => {
    const played = document.getElementById("voice")?.srcObject;
    if (!played) return;
    if (played !== stream) attach(played);
    analyser.getFloatTimeDomainData(samples);
    if (samples.some((sample) => Math.abs(sample) > AUDIBLE)) lastHeard = performance.now();
    const since = performance.now() - lastHeard;
    document.documentElement.dataset.sound = lastHeard === 0 ? "never" : since < SILENCE_MS ? "on" : "off";
  }, 20);
})();
