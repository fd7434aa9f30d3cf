/** Reports what is being measured, the elapsed time, and the expected total. */
export class Progress {
  private readonly start = performance.now();

  constructor(
    private readonly expectedSeconds: number,
    private readonly say: (line: string) => void = (line) => console.log(line),
  ) {}

  step(what: string, round?: number, rounds?: number): void {
    const place = round === undefined ? "" : `, round ${round + 1} of ${rounds}`;
    this.say(`[${clock(this.elapsedSeconds)} of about ${clock(this.expectedSeconds)}] ${what}${place}`);
  }

  get elapsedSeconds(): number {
    return (performance.now() - this.start) / 1000;
  }
}

/** `3:05`: minutes and seconds. */
export function clock(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
