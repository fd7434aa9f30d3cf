import { durationMs, humanDuration } from "../values/duration";
import { parseId, scopeId, scopeOf, targetId, type Target } from "../values/scope";
import type { Probe } from "../turso/probe";
import { TursoError } from "../turso/errors";
import { anything, checkArguments, duration, oneOf, scope, type Rules } from "../core/argument-rules";
import type { CheckResult, Context, DiffResult, ReadResult } from "../core/context";
import { attempt, homeOf, type Home } from "../core/blast-radius";
import { DEFAULT_VERIFY_TIMEOUT, expiryOf, mintAccepted } from "../core/canary";
import type { ManagedToken } from "../core/run-ledger";
import type { TokenInputs, TokenState } from "./state";
import { checkRotation, tellCalendar } from "./checks";
import { differs, hasUnknown, isPresent } from "../core/unknown";

const expiration: Rules[string] = (value, name) => (value === "never" ? undefined : duration(value, name));

const RULES: Rules = {
  scope: scope({ lists: false }),
  organization: anything, // the context resolves and checks it
  authorization: oneOf("full-access", "read-only"),
  expiration,
  readAttach: (value, name) =>
    Array.isArray(value) &&
    value.every((item) => scope({ lists: false })({ database: item as unknown }, name) === undefined)
      ? undefined
      : `${name} must be a list of database names`,
  rotation: anything, // checked against the scope below
  trigger: anything,
  renewBefore: duration,
  verify: oneOf("auto", "off"),
  verifyTimeout: duration,
};

const MINTING_ARGUMENTS = [
  "authorization",
  "expiration",
  "readAttach",
] as const satisfies (keyof TokenInputs)[];
const OTHER_ARGUMENTS = [
  "trigger",
  "renewBefore",
  "verify",
  "verifyTimeout",
] as const satisfies (keyof TokenInputs)[];

/** The life of an AuthToken: minted after its rotation, again when that or the calendar asks for it. It rotates nothing. */
export class AuthTokenLogic {
  constructor(private readonly context: Context) {}

  async check(olds: Record<string, unknown>, news: Record<string, unknown>): Promise<CheckResult> {
    const { organization, problems } = this.context.resolveOrganization(
      news["organization"],
      olds["organization"],
    );
    problems.push(...checkArguments("AuthToken", RULES, news));
    if (news["scope"] === undefined || news["scope"] === null)
      problems.push({
        property: "scope",
        reason: `scope is missing: give it { database: "NAME" } or { group: "NAME" }.`,
      });
    if (problems.length > 0) return { additions: {}, problems };
    const inputs = { ...news, organization } as unknown as TokenInputs;
    problems.push(...(await checkRotation(this.context, inputs, Object.keys(olds).length === 0)));
    if (problems.length === 0) tellCalendar(this.context, inputs);
    return { additions: { organization }, problems };
  }

  async diff(olds: TokenState, news: TokenInputs): Promise<DiffResult> {
    const replaces = (["scope", "organization"] as const).filter((key) => differs(olds[key], news[key]));
    const why =
      replaces.length === 0 ? (this.whyMint(olds, news) ?? (await this.wasKilled(olds))) : undefined;
    if (why !== undefined) this.context.tell(`${idOf(olds)}: ${why}, so the update mints a new token.`);
    const isChanged =
      differs(followed(olds), followed(news)) ||
      [...MINTING_ARGUMENTS, ...OTHER_ARGUMENTS].some((key) => differs(olds[key], news[key]));
    return { changes: isChanged || replaces.length > 0 || why !== undefined, replaces };
  }

  async create(news: TokenInputs): Promise<{ id: string; state: TokenState }> {
    return { id: idOf(news), state: await this.mint(news) };
  }

  async update(olds: TokenState, news: TokenInputs): Promise<TokenState> {
    if (this.whyMint(olds, news) ?? (await this.wasKilled(olds))) return this.mint(news, olds.home);
    const { token, mintedAt, expiresAt, home } = olds;
    return { ...news, token, mintedAt, ...(expiresAt !== undefined && { expiresAt }), ...(home && { home }) };
  }

  /** Asks the data plane whether the token still lives. Only its refusal counts. */
  async read(id: string, props: Partial<TokenState>): Promise<ReadResult<TokenState>> {
    const state = this.stateOf(id, props);
    const target = targetOf(state);
    try {
      const { hostname } = await homeOf(this.context.looker(state.organization), target);
      if (hostname === undefined) return { gone: false, state };
      const { verdict, ...rest } = await this.context.client(state.organization).probe(hostname, state.token);
      if (verdict === "unclear")
        this.context.tell(
          `${id}: whether its token is still accepted could not be seen (${"why" in rest ? rest.why : ""}). The state stays as it is.`,
        );
      if (verdict !== "dead") return { gone: false, state };
      this.context.tell(
        // in the words of diff, which the engine calls next, so that it is told once
        `${id}: its token is refused by the database, so the update mints a new token.`,
      );
      return { gone: false, state: { ...state, dead: true } };
    } catch (error) {
      if (!(error instanceof TursoError)) throw error;
      if (error.isGone) {
        this.context.tell(`${id} no longer exists (${error.answer}), so its token leaves the state.`);
        return { gone: true };
      }
      this.context.tell(`${error.message} The state stays as it is.`);
      return { gone: false, state };
    }
  }

  /** What a delete says. It does nothing else: a single token cannot be revoked. */
  static farewell(id: string, { expiresAt }: Partial<TokenState>): string {
    const end =
      expiresAt === undefined
        ? "its scope is rotated (it never expires)"
        : `it expires at ${expiresAt}, or its scope is rotated`;
    return `${id}: the token is no longer managed, and lives on until ${end}.`;
  }

  /** Why a new token is due, as a sentence's beginning, or undefined. This is the one place that decides it. */
  private whyMint(olds: TokenState, news: TokenInputs): string | undefined {
    if (olds.dead) return "its token is refused by the database";
    const rotationId = news.rotation?.rotationId;
    if (rotationId !== undefined && differs(olds.rotation?.rotationId, rotationId))
      return hasUnknown(rotationId) ? "its rotation may happen" : "its rotation happened";
    const changed = MINTING_ARGUMENTS.find((key) => differs(olds[key], news[key]));
    if (changed !== undefined) return `${changed} changed`;
    if (isPresent(olds.trigger) && isPresent(news.trigger) && differs(olds.trigger, news.trigger))
      return "its trigger changed";
    if (olds.expiresAt === undefined || hasUnknown(news.renewBefore)) return undefined;
    const renewAt =
      Date.parse(olds.expiresAt) - (isPresent(news.renewBefore) ? durationMs(news.renewBefore) : 0);
    return renewAt <= this.context.clock().getTime() ? `its token expires at ${olds.expiresAt}` : undefined;
  }

  /** Whether a rotation of this very run killed it. A run without rotations asks nobody. */
  private async wasKilled(state: TokenState): Promise<string | undefined> {
    const managed = managedToken(state);
    if (managed === undefined) return undefined;
    if (!this.context.run.mayHaveKilled(managed)) {
      this.context.run.holds(managed);
      return undefined;
    }
    const { verdict } = await this.context.client(state.organization).probe(managed.hostname, managed.token);
    return verdict === "dead" ? "a rotation in this run killed its token" : undefined;
  }

  /** @param known where the token before it was tried */
  private async mint(inputs: TokenInputs, known?: Home): Promise<TokenState> {
    const { organization } = inputs;
    const isTried = inputs.verify !== "off";
    const client = this.context.client(organization);
    const target = targetOf(inputs);
    const start = performance.now();
    let looking: Promise<Home | TursoError> | undefined;
    const look = () =>
      (looking ??= attempt(() => homeOf(this.context.looker(organization), target)).then((found) =>
        found instanceof TursoError ? (known ?? found) : found,
      ));
    // while there is no valid token each round trip counts, so a new one's home is looked up beside the minting
    if (isTried && known === undefined) void look();
    if (this.context.run.isRotating) {
      const home = known ?? (await look());
      const group = home instanceof TursoError ? "" : home.group;
      await this.context.run.quiet({ organization, target, group });
    }
    const { token, seen } = await mintAccepted(
      client,
      target,
      {
        expiration: inputs.expiration ?? "never",
        authorization: inputs.authorization ?? "full-access",
        readAttach: inputs.readAttach ?? [],
      },
      async () => (isTried ? hostnameOf(await look()) : undefined),
      durationMs(inputs.verifyTimeout ?? DEFAULT_VERIFY_TIMEOUT),
      isTried ? known?.hostname : undefined,
    );
    const home = isTried ? await (looking ?? known) : undefined;
    if (home !== undefined) this.tellSeen(idOf(inputs), home, seen, performance.now() - start);
    const expiresAt = expiryOf(token)?.toISOString();
    const hostname = hostnameOf(home);
    const state: TokenState = {
      ...inputs,
      token,
      mintedAt: this.context.clock().toISOString(),
      ...(expiresAt !== undefined && { expiresAt }),
      ...(home &&
        !(home instanceof TursoError) &&
        hostname !== undefined && { home: { hostname, group: home.group } }),
    };
    const managed = managedToken(state);
    if (managed) this.context.run.holds(managed);
    return state;
  }

  private tellSeen(id: string, home: Home | TursoError, seen: Probe, ms: number): void {
    if (seen.verdict === "alive") {
      this.context.tell(`${id}: minted, and accepted after ${humanDuration(ms)}.`);
      return;
    }
    const refused = seen.verdict === "dead" ? "the database refuses it" : seen.why;
    const why = home instanceof TursoError ? home.answer : refused;
    this.context.tell(`${id}: minted, but not seen accepted (${why}). It is handed on all the same.`);
  }

  /** What `get` reads: a token cannot be read back, so the program hands it over. */
  private stateOf(id: string, props: Partial<TokenState>): TokenState {
    if (props.scope !== undefined && props.token !== undefined && props.mintedAt !== undefined)
      return props as TokenState;
    const named = parseId(id);
    if (named === undefined)
      throw new Error(
        `Reading "${id}": an id looks like acme/groups/default or acme/databases/app. Nothing was changed.`,
      );
    if (props.token === undefined)
      throw new Error(
        `Reading the token of ${id}: Turso does not give a token back, so hand it over: AuthToken.get(name, id, { token }). Nothing was changed.`,
      );
    const expiresAt = expiryOf(props.token)?.toISOString();
    return {
      ...named,
      token: props.token,
      mintedAt: this.context.clock().toISOString(),
      ...(expiresAt !== undefined && { expiresAt }),
    };
  }
}

/** What of its rotation a token depends on. The rest may be unknown in a preview although nothing changes. */
const followed = ({ rotation }: Pick<TokenInputs, "rotation">) =>
  rotation && [rotation.rotationId, rotation.scope, rotation.organization];

const hostnameOf = (home: Home | TursoError | undefined): string | undefined =>
  home instanceof TursoError ? undefined : home?.hostname;

function managedToken({ organization, scope: value, token, home }: TokenState): ManagedToken | undefined {
  if (home === undefined) return undefined;
  const target = targetOf({ scope: value });
  return { id: targetId(organization, target), organization, target, token, ...home };
}

const targetOf = (inputs: { scope: unknown }): Target => scopeOf(inputs).targets[0] as Target;

const idOf = ({ organization, scope: value }: Pick<TokenInputs, "organization" | "scope">): string =>
  scopeId(organization, scopeOf({ scope: value }));
