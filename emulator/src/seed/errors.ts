/** A mistake in what a user gave the emulator, as one sentence. */
export class InputError extends Error {
  override readonly name = "InputError";
}
