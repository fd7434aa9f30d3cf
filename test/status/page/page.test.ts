import assert from "node:assert/strict";
import { pageOf } from "../../../src/status/page/page";
import { scaleOf } from "../../../src/status/page/timeline";
import { DAY, NOW, daysAgo, list, reportOf, rotation, rowsOf, token } from "../exports";

const page = (...resources: unknown[]): string => pageOf(reportOf(resources));

describe("the page", () => {
  it("loads nothing and runs nothing", () => {
    const html = page(list(), token());
    assert.match(html, /Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/);
    assert.doesNotMatch(html, /<script|<link|<img|\bsrc=|\bhref=|url\(|@import|https?:/);
  });

  it("shows names from an export as text", () => {
    const html = page(
      rotation({ trigger: "<b>&'" }, { urn: 'urn:pulumi:a"<i>::b::t::<script>alert(1)</script>' }),
    );
    assert.doesNotMatch(html, /<script|<i>|<b>&/);
    assert.match(html, /&lt;script&gt;alert\(1\)&lt;\/script&gt;/);
    assert.match(html, /by trigger &quot;&lt;b&gt;&amp;&#39;&quot;/);
  });

  it("has a row with a time line for each row of the report, and says each in words", () => {
    const html = page(list({ rotateEvery: "30d" }), token({ expiresAt: daysAgo(-30) }));
    assert.equal(html.match(/<svg class="life" role="img"/g)?.length, 4);
    assert.match(
      html,
      /aria-label="acme\/databases\/app: last rotated 2026-05-22 12:00 \(10 days ago\), due 2026-06-21 12:00 \(in 20 days\)"/,
    );
    assert.match(html, /token expires: 2026-07-01/);
  });

  it("draws a bar of its own for what is overdue", () => {
    assert.doesNotMatch(page(rotation({ rotateEvery: "30d" })), /<rect class="late" x="\d+\.\d+%"/);
    assert.match(page(rotation({ rotateEvery: "5d" })), /<rect class="late" x="\d+\.\d+%" width="\d+\.\d+%"/);
  });

  it("shows the counts, and why targets are unresolved", () => {
    const html = page(rotation({ failures: { app: "It <failed>." } }));
    assert.match(html, /<strong class="unresolved">1<\/strong>unresolved/);
    assert.match(html, /<li><b>acme\/databases\/app<\/b>: It &lt;failed&gt;\.<\/li>/);
    assert.match(page(), /It has no TokenRotation and no AuthToken\./);
  });
});

describe("the time line's scale", () => {
  it("holds now and all times, with a margin", () => {
    const { from, to, now } = scaleOf(rowsOf(rotation({ rotateEvery: "30d" })), NOW);
    assert.equal(now, NOW.getTime());
    assert.ok(from < NOW.getTime() - 10 * DAY && from > NOW.getTime() - 12 * DAY);
    assert.ok(to > NOW.getTime() + 20 * DAY && to < NOW.getTime() + 22 * DAY);
  });

  it("ends before a token that lives for decades, which an arrow at the edge stands for", () => {
    const far = token({ expiresAt: daysAgo(-20_000) });
    const { to } = scaleOf(rowsOf(far), NOW);
    assert.ok(to < NOW.getTime() + 2 * DAY);
    assert.match(page(far), /<text class="edge" x="100\.00%" y="16" text-anchor="end">▸/);
  });
});
