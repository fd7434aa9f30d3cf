export interface AuditEntry {
  code: string;
  message: string;
  origin: string;
  author: string;
  created_at: string;
  data: Record<string, string>;
}

/** Newest first. A rotation has no documented code, so it is not recorded. */
export class AuditLog {
  readonly #entries: AuditEntry[] = [];

  constructor(private readonly now: () => number) {}

  record(code: string, message: string, data: Record<string, string>): void {
    const created_at = new Date(this.now()).toISOString();
    this.#entries.push({ code, message, origin: "cli", author: "emulator", created_at, data });
  }

  clear(): void {
    this.#entries.length = 0;
  }

  page(page: number, pageSize: number): { audit_logs: AuditEntry[]; pagination: Record<string, number> } {
    const rows = this.#entries.length;
    const start = Math.max(0, page - 1) * pageSize;
    return {
      audit_logs: this.#entries.toReversed().slice(start, start + pageSize),
      pagination: {
        page,
        page_size: pageSize,
        total_pages: Math.max(1, Math.ceil(rows / pageSize)),
        total_rows: rows,
      },
    };
  }
}
