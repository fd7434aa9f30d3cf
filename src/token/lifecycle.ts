import { checkArguments } from "../core/argument-rules";
import { endpointOf, type Endpoint } from "../core/blast-radius";
import { DEFAULT_VERIFY_TIMEOUT } from "../core/canary";
import { expiryOf, mintAccepted } from "../core/mint";
import type { Context } from "../core/context";
import type {
  CheckResult,
  Declared,
  DiffResult,
  Lifecycle,
  Planned,
  Properties,
  ReadResult,
  Saved,
} from "../core/protocol";
import { managedToken, type ManagedToken } from "../core/run-ledger";
import { UNKNOWN, hasUnknown } from "../core/unknown";
import { TursoError, attempt } from "../turso/errors";
import type { Probe } from "../turso/probe";
import { durationMs, humanDuration } from "../values/duration";
import { parseSubject, targetOf, type Subject } from "../values/scope";
import { RULES } from "./arguments";
import { checkCalendar, checkRotation } from "./checks";
import { MAY_ROTATE, REJECTED, hasChanged, hasLostRotation, reasonToMint, replacedBy } from "./plan";
import { followedPart } from "./followed";
import { refresh } from "./refresh";
import type { TokenInputs, TokenState } from "./state";

/** The life of an AuthToken: minted after its rotation, and again when that or the calendar demands it. It rotates nothing. */
export class TokenLifecycle implements Lifecycle<TokenInputs, TokenState> {
  constructor(private readonly context: Context) {}

  async check(olds: Properties, news: Properties): Promise<CheckResult> {
    const { organization, problems } = this.context.resolveOrganization(
      news["organization"],
      olds["organization"],
    );
    problems.push(...checkArguments("AuthToken", RULES, news));
    if ((news["scope"] ?? null) === null) problems.push({ property: "scope", reason: MISSING_SCOPE });
    if (problems.length > 0) return { additions: {}, problems };
    const inputs = { ...news, organization } as unknown as TokenInputs;
    const rotation = followedPart(inputs.rotation, inputs.scope);
    if (!hasUnknown([inputs.scope, organization])) {
      const subject = parseSubject(inputs);
      problems.push(...(await checkRotation(this.context, subject, inputs, Object.keys(olds).length === 0)));
      if (problems.length === 0) checkCalendar(this.context, subject, inputs);
    }
    return { additions: { organization, ...(rotation && { rotation }) }, problems };
  }

  async diff({ subject, state }: Saved<TokenState>, { inputs }: Planned<TokenInputs>): Promise<DiffResult> {
    this.context.ledger.replace([], state.replaced);
    const replaces = replacedBy(state, inputs);
    if (replaces.length > 0) return { changes: true, replaces };
    const why = await this.whyMint(subject, state, inputs);
    if (why === MAY_ROTATE) this.announceFollowers(inputs);
    else if (why !== undefined)
      this.context.notify(
        "info",
        `${subject.id}: ${why}, so the update mints a new token.`,
        `${subject.id} mint`,
      );
    return { changes: why !== undefined || hasChanged(state, inputs), replaces };
  }

  create({ subject, inputs }: Declared<TokenInputs>): Promise<TokenState> {
    return this.mint(subject, inputs);
  }

  async update(
    { state }: Saved<TokenState>,
    { subject, inputs }: Declared<TokenInputs>,
  ): Promise<TokenState> {
    if (await this.whyMint(subject, state, inputs)) return this.mint(subject, inputs, state);
    return kept(state, inputs);
  }

  /** Whether a rotation of this run invalidated the token is not tried: only the update does that. */
  preview(old: Saved<TokenState> | undefined, { inputs }: Planned<TokenInputs>): Properties {
    if (old === undefined || reasonToMint(old.state, inputs, this.context.clock()) !== undefined)
      return { ...inputs, token: UNKNOWN, mintedAt: UNKNOWN, expiresAt: UNKNOWN };
    return { ...kept(old.state, inputs) };
  }

  read(saved: Saved<TokenState>): Promise<ReadResult<TokenState>> {
    return refresh(this.context, saved);
  }

  /** What a delete logs. It does nothing else: a single token cannot be revoked. */
  farewell(id: string, { expiresAt }: Partial<TokenState>): string {
    const end =
      expiresAt === undefined
        ? "until its database or group is rotated; it has no expiry"
        : `until it expires at ${expiresAt}, or its database or group is rotated`;
    return `${id}: the token is deleted from the stack; it stays valid ${end}.`;
  }

  /** The state of a token that the program passes to `get`. */
  static found(inputs: Pick<TokenInputs, "scope" | "organization">, token: string, now: Date): TokenState {
    return { ...inputs, ...minted(token, now) };
  }

  /** One line for all tokens that follow a rotation, however many they are. */
  private announceFollowers({ rotation, organization }: TokenInputs): void {
    const scope = rotation?.scope;
    const whose =
      scope === undefined || hasUnknown(scope) ? "a rotation" : parseSubject({ scope, organization }).id;
    const text = `${whose}: if the update rotates, the tokens that follow it are minted again.`;
    this.context.notify("info", text, text);
  }

  private async whyMint(
    subject: Subject,
    state: TokenState,
    inputs: TokenInputs,
  ): Promise<string | undefined> {
    return (
      reasonToMint(state, inputs, this.context.clock()) ?? (await this.wasInvalidated(subject, state, inputs))
    );
  }

  /** Whether a rotation of which no record says so invalidated it. A run in which nothing changed sends no request. */
  private async wasInvalidated(
    subject: Subject,
    state: TokenState,
    inputs: TokenInputs,
  ): Promise<string | undefined> {
    const managed = ownToken(subject, state);
    if (managed === undefined) return undefined;
    const { ledger } = this.context;
    const isOfThisRun = ledger.mayHaveInvalidated(managed);
    if (isOfThisRun || hasLostRotation(state, inputs)) {
      // a rotation that is under way may still invalidate a token that is accepted now
      await ledger.quiet(managed);
      if (ledger.hasInvalidated(managed)) return INVALIDATED;
      const client = this.context.client(subject.organization);
      const { verdict } = await client.probe(managed.hostname, managed.token);
      if (verdict === "rejected") return isOfThisRun ? INVALIDATED : REJECTED;
    }
    ledger.holds(managed);
    return undefined;
  }

  /** @param old the state with the token that the new one replaces */
  private async mint(subject: Subject, inputs: TokenInputs, old?: TokenState): Promise<TokenState> {
    const known = old?.endpoint; // where the previous token was tried
    const { id, organization } = subject;
    const target = targetOf(subject);
    const isTried = inputs.verify !== "off";
    const start = performance.now();
    let looking: Promise<Endpoint | TursoError> | undefined;
    const lookUp = (): Promise<Endpoint | TursoError> =>
      (looking ??= attempt(() => endpointOf(this.context.lookups(organization), target)).then((found) =>
        found instanceof TursoError ? (known ?? found) : found,
      ));
    // while there is no valid token each round trip counts, so the endpoint is looked up in parallel with the minting
    if (isTried && known === undefined) void lookUp();
    if (this.context.ledger.isRotating) {
      const endpoint = known ?? (await lookUp());
      const group = endpoint instanceof TursoError ? "" : endpoint.group;
      await this.context.ledger.quiet({ organization, target, group });
    }
    const { token, seen } = await mintAccepted(
      this.context.client(organization),
      target,
      {
        expiration: inputs.expiration ?? "never",
        authorization: inputs.authorization ?? "full-access",
        readAttach: inputs.readAttach ?? [],
        permissions: inputs.permissions ?? [],
      },
      async () => (isTried ? hostnameOf(await lookUp()) : undefined),
      durationMs(inputs.verifyTimeout ?? DEFAULT_VERIFY_TIMEOUT),
      {
        hint: isTried ? known?.hostname : undefined,
        silenceMs: this.context.isDataPlaneSilent ? 0 : undefined,
      },
    );
    const endpoint = isTried ? await (looking ?? known) : undefined;
    if (endpoint !== undefined) this.reportSeen(id, endpoint, seen, performance.now() - start);
    const hostname = hostnameOf(endpoint);
    if (hostname !== undefined) this.context.isDataPlaneSilent = seen.verdict === "unclear";
    const replaced = old ? this.context.ledger.replace([old.token], old.replaced) : [];
    const state: TokenState = {
      ...inputs,
      ...minted(token, this.context.clock()),
      ...(replaced.length > 0 && { replaced }),
      ...(endpoint && !(endpoint instanceof TursoError) && hostname !== undefined && { endpoint }),
      ...(seen.verdict === "rejected" && { rejected: true }),
    };
    const managed = seen.verdict === "rejected" ? undefined : ownToken(subject, state);
    if (managed) this.context.ledger.holds(managed);
    return state;
  }

  private reportSeen(id: string, endpoint: Endpoint | TursoError, seen: Probe, ms: number): void {
    const key = `${id} minted`;
    if (seen.verdict === "accepted") {
      this.context.notify("info", `${id}: minted, and accepted after ${humanDuration(ms)}.`, key);
      return;
    }
    if (seen.verdict === "rejected") {
      const text = `${id}: the database rejects the new token. It is published anyway; the next \`pulumi up\` mints another one.`;
      this.context.notify("warning", text, key);
      return;
    }
    const why = endpoint instanceof TursoError ? endpoint.answer : seen.why;
    const text = `${id}: the new token could not be verified (${why}). It is published anyway.`;
    this.context.notify("warning", text, key);
  }
}

/** What the state keeps of a new token, besides the arguments. */
function minted(
  token: string,
  now: Date,
): Pick<TokenState, "stateVersion" | "token" | "mintedAt" | "expiresAt"> {
  const expiresAt = expiryOf(token)?.toISOString();
  return {
    stateVersion: 1,
    token,
    mintedAt: now.toISOString(),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}

/** The state with different arguments and the same token. */
const kept = (
  { stateVersion, token, mintedAt, expiresAt, endpoint, replaced }: TokenState,
  inputs: TokenInputs,
): TokenState => ({
  ...inputs,
  stateVersion,
  token,
  mintedAt,
  ...(expiresAt !== undefined && { expiresAt }),
  ...(endpoint && { endpoint }),
  ...(replaced && { replaced }),
});

const hostnameOf = (endpoint: Endpoint | TursoError | undefined): string | undefined =>
  endpoint instanceof TursoError ? undefined : endpoint?.hostname;

const ownToken = (subject: Subject, { endpoint, token }: TokenState): ManagedToken | undefined =>
  managedToken(subject.organization, targetOf(subject), token, endpoint);

const INVALIDATED = "a rotation in this run invalidated its token";

const MISSING_SCOPE = `scope is missing: give it { database: "NAME" } or { group: "NAME" }.`;
