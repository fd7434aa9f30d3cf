/** The page's style. It loads nothing, and follows the reader's choice of light or dark. */
export const STYLE = `
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2330; --faint: #5b6573; --line: #d9dee6; --band: #f5f7fa;
  --age: #7c9cc9; --ahead: #cfdcef; --ok: #1a7f4b; --overdue: #9a5b00; --late: #d98200; --expired: #8a3fb0; --unresolved: #c0262d; }
@media (prefers-color-scheme: dark) { :root { --paper: #12161d; --ink: #e4e9f1; --faint: #98a4b5; --line: #2c3542; --band: #1a202a;
  --age: #5f86c2; --ahead: #2b3f5f; --ok: #4cc38a; --overdue: #f0b04a; --late: #e09a20; --expired: #cf94ee; --unresolved: #ff7b80; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 100rem; background: var(--paper); color: var(--ink);
  font: 14px/1.45 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; } p { margin: .3rem 0; }
.faint { color: var(--faint); }
.counts { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1rem 0; padding: 0; list-style: none; }
.counts li { border: 1px solid var(--line); border-radius: 6px; padding: .4rem .9rem; min-width: 7rem; background: var(--band); }
.counts strong { display: block; font-size: 1.5rem; line-height: 1.2; }
.ok { color: var(--ok); } .overdue { color: var(--overdue); } .expired { color: var(--expired); } .unresolved { color: var(--unresolved); }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; color: var(--faint); }
.legend span { display: inline-flex; align-items: center; gap: .35rem; }
.legend svg { width: 22px; height: 24px; }
.reasons { margin: .5rem 0 1rem; padding: .6rem 1rem .6rem 2rem; border-left: 4px solid var(--unresolved); background: var(--band); }
.scroll { overflow-x: auto; }
@media (min-width: 80rem) { .scroll { overflow: visible; } }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .2rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap; vertical-align: middle; }
thead th { position: sticky; top: 0; background: var(--paper); color: var(--faint); font-weight: 600; z-index: 1; vertical-align: bottom; }
tbody th { font-weight: 500; } tbody tr:hover { background: var(--band); }
tr.list th { font-weight: 700; } tr.member th { padding-left: 1.6rem; }
td small, th small { display: block; color: var(--faint); font-weight: 400; font-size: .8rem; }
td.line, th.line { width: 45%; min-width: 24rem; padding: 0 .6rem; }
svg.life, svg.axis { display: block; width: 100%; height: 24px; overflow: visible; }
svg text { font-size: 11px; fill: var(--faint); } svg.axis text { text-anchor: middle; }
.mark { stroke: var(--line); } .now { stroke: var(--ink); stroke-dasharray: 2 2; opacity: .55; }
rect.age { fill: var(--age); } rect.ahead { fill: var(--ahead); } rect.late { fill: var(--late); }
.start { fill: var(--age); stroke: var(--paper); } .due { stroke: var(--ink); stroke-width: 2; }
svg text.end { fill: var(--expired); font-size: 13px; } svg text.edge { fill: var(--ink); }
@media print { body { max-width: none; } thead th { position: static; } }
`;
