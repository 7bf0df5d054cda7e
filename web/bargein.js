/**
 * How long a reply goes on sounding after the caller has begun to speak over it, as this page hears both: from the moment the microphone gets loud until
 * the reply's sound has ended, the way to the server and back and the browser's own buffers included. Pure: `now` in milliseconds.
 */

/** The caller speaks when the microphone is so much louder than the quietest it was of late (which creeps up, should the room get louder). */
const ABOVE_NOISE_DB = 15;
const QUIETEST_DB = -70;
const CREEP_DB_PER_S = 1;
/** Quieter than this is a pause of the reply, or its end. */
const AUDIBLE_DB = -50;
/** A gap in speech that does not end it; silence after which a reply that was cut has really ended. */
const GAP_MS = 250;
const SETTLED_MS = 250;
/** What takes longer than this was no interruption by that stretch of speech. */
const LONGEST_MS = 4000;

export class BargeIn {
  #noise = 0;
  #then = null;
  #onset = null; // when the caller last began to speak over the reply
  #spoke = -Infinity; // when it was last loud
  #sounded = -Infinity; // when the reply was last audible
  #cut = false;

  /** Take the level of both sides, in dB. @returns {number | null} milliseconds, once after each interruption, when the reply has fallen silent */
  hear(caller, reply, now) {
    this.#noise = Math.max(QUIETEST_DB, Math.min(caller, this.#noise + (CREEP_DB_PER_S * (now - (this.#then ?? now))) / 1000));
    this.#then = now;
    if (reply > AUDIBLE_DB) this.#sounded = now;
    if (caller > this.#noise + ABOVE_NOISE_DB) {
      if (now - this.#spoke > GAP_MS && now - this.#sounded < GAP_MS) this.#onset = now;
      this.#spoke = now;
    }
    return this.#cut && now - this.#sounded > SETTLED_MS ? this.#measured() : null;
  }

  /** The server says that the caller's speech has ended the reply. */
  interrupted() {
    this.#cut = this.#onset !== null;
  }

  #measured() {
    this.#cut = false;
    const took = this.#sounded - this.#onset;
    this.#onset = null;
    return took > 0 && took < LONGEST_MS ? took : null;
  }
}
