/** The median of measurements: the mean of the two middle ones if their number is even. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? Number.NaN) + upper) / 2;
}

/** The value that a share of the measurements does not exceed: 0 is the least one, 1 the greatest. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/** Figures of one measurement, one per round. */
export class Samples {
  readonly values: number[] = [];

  add(value: number): this {
    this.values.push(value);
    return this;
  }

  get median(): number {
    return median(this.values);
  }

  /** `4.21 s`, and `4.10 – 4.32 s` if there is more than one figure. */
  show(unit: Unit): { value: string; spread: string } {
    const value = unit(this.median);
    if (this.values.length < 2) return { value, spread: `${this.values.length} round` };
    const [least, most] = [quantile(this.values, 0), quantile(this.values, 1)];
    return { value, spread: `${unit(least).replace(/ [a-zA-Z]+$/, "")} – ${unit(most)}` };
  }
}

/** Samples by name, created on first use. */
export class SampleSet {
  private readonly byName = new Map<string, Samples>();

  of(name: string): Samples {
    const found = this.byName.get(name) ?? new Samples();
    this.byName.set(name, found);
    return found;
  }
}

export type Unit = (value: number) => string;

const rounded = (value: number, digits: number): string =>
  value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** Formats milliseconds as `0.05 s` or `12.3 s`. */
export const seconds: Unit = (ms) => `${rounded(ms / 1000, Math.abs(ms) < 10_000 ? 2 : 1)} s`;
export const milliseconds: Unit = (ms) => `${rounded(ms, Math.abs(ms) < 10 ? 1 : 0)} ms`;
export const times: Unit = (ratio) => `${rounded(ratio, ratio < 10 ? 2 : 1)} ×`;
export const count: Unit = (value) => rounded(value, 0);
export const bytes: Unit = (value) => `${rounded(value, value < 10 ? 1 : 0)} B`;
/** Formats kibibytes, in which the kernel counts memory. */
export const megabytes: Unit = (kib) => `${rounded((kib * 1024) / 1e6, 1)} MB`;

/** A row of the results. */
export interface ResultRow {
  name: string;
  value: string;
  spread: string;
  /** The project's target, and whether it is met. */
  target?: { text: string; isMet: boolean };
}

export interface Section {
  title: string;
  rows: ResultRow[];
  /** What a reader needs to know to interpret the figures. */
  notes: string[];
  /** The file with its plot. */
  plot?: string;
}

export const row = (name: string, samples: Samples, unit: Unit, target?: ResultRow["target"]): ResultRow => ({
  name,
  ...samples.show(unit),
  ...(target && { target }),
});

export const atMost = (samples: Samples, most: number, unit: Unit): ResultRow["target"] => ({
  text: `at most ${unit(most)}`,
  isMet: samples.median <= most,
});

/** Compares two figures of the same round, for each round: by default their ratio. */
export function compare(
  numerator: Samples,
  denominator: (round: number) => number,
  how: (a: number, b: number) => number = (a, b) => a / b,
): Samples {
  const result = new Samples();
  numerator.values.forEach((value, round) => {
    result.add(how(value, denominator(round)));
  });
  return result;
}

/** The figure of a round, or the median if that round has no figure. */
export const inRound = (samples: Samples, round: number): number => samples.values[round] ?? samples.median;
