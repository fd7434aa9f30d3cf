import { Context } from "../../core/context";
import type { DiffResult, Properties } from "../../core/protocol";
import { TursoError } from "../../turso/errors";
import { hasUnknown } from "../../core/unknown";
import { parseSubject } from "../../values/scope";
import type { Resource, Scoped } from "./resource";
import type { Session } from "./session";
import { fromEngine, kept, toEngine } from "./values";

/** The operations of any resource, as a host sees them. */
export type AnyOperations = Pick<Operations<object, object>, keyof Operations<object, object>>;

/** What the engine may ask of a resource, in the engine's own values; each host translates its protocol into these. */
export class Operations<Inputs extends object, State extends object> {
  constructor(
    private readonly session: Session,
    private readonly make: (context: Context) => Resource<Inputs, State>,
  ) {}

  /** @returns the inputs to keep, and a sentence for each reason against them */
  check(olds: Properties, news: Properties): Promise<{ inputs: Properties; failures: string[] }> {
    this.session.programRuns();
    return this.finishing(async () => {
      const found = this.session.contextOrProblem();
      if (!(found instanceof Context)) return { inputs: news, failures: [found.reason] };
      const { additions, problems } = await this.make(found).check(fromEngine(olds), fromEngine(news));
      return { inputs: { ...news, ...toEngine(additions) }, failures: problems.map(({ reason }) => reason) };
    });
  }

  diff(olds: Properties, news: Properties): Promise<DiffResult> {
    return this.finishing(() =>
      this.make(this.session.contextOfDiff()).diff(fromEngine<State>(olds), fromEngine<Inputs>(news)),
    );
  }

  /**
   * For a resource that is being imported by its id: the program may set every argument except what the id names.
   *
   * @throws an error that names both targets
   */
  requireSameTarget(id: string, news: Properties): Promise<void> {
    return this.finishing(() => {
      const { scope, organization } = fromEngine<Partial<Scoped>>(news);
      if (scope === undefined || organization === undefined || hasUnknown([scope, organization]))
        return Promise.resolve();
      const { id: declared } = parseSubject({ scope, organization });
      if (declared === id) return Promise.resolve();
      return Promise.reject(
        new Error(
          `Importing ${id}: the program declares ${declared} instead. Nothing was changed. Import the id ${declared}, or change scope and organization to those of the id.`,
        ),
      );
    });
  }

  create(news: Properties): Promise<{ id: string; state: Properties }> {
    return this.finishing(async () => {
      const resource = this.resource();
      const { id, state } = await resource.create(fromEngine<Inputs>(news));
      this.showFailures(resource, state);
      return { id, state: kept(state, resource.forms) };
    });
  }

  /** @param props empty where the engine knows only the id. @returns undefined if the target is gone */
  read(id: string, props: Properties): Promise<Properties | undefined> {
    return this.finishing(async () => {
      const resource = this.resource();
      const result = await resource.read(id, fromEngine<Partial<State>>(props));
      return result.gone ? undefined : kept(result.state, resource.forms);
    });
  }

  update(olds: Properties, news: Properties): Promise<Properties> {
    return this.finishing(async () => {
      const resource = this.resource();
      const state = await resource.update(fromEngine<State>(olds), fromEngine<Inputs>(news));
      this.showFailures(resource, state);
      return kept(state, resource.forms);
    });
  }

  /**
   * What create or update would return, as far as it is known before. It sends no request.
   *
   * @param olds undefined before a create
   */
  preview(
    olds: Properties | undefined,
    news: Properties,
  ): Promise<{ id: string | undefined; state: Properties }> {
    return this.finishing(() => {
      const resource = this.resource();
      const { id, state } = resource.preview(olds && fromEngine<State>(olds), fromEngine<Inputs>(news));
      return Promise.resolve({ id, state: kept(toEngine(state), resource.forms) });
    });
  }

  delete(id: string, props: Properties): Promise<void> {
    return this.finishing(() => {
      // the delete half of a replacement, after its rotation: what a delete does would read as what the run did
      if (!this.session.hasRotated(id)) {
        const text = this.make(this.session.offline).farewell(id, fromEngine<Partial<State>>(props));
        this.session.log.notify("info", text);
      }
      return Promise.resolve();
    });
  }

  private showFailures(resource: Resource<Inputs, State>, state: State): void {
    const text = this.session.showsFailures ? resource.unfinished(state) : undefined;
    if (text !== undefined) this.session.log.notify("warning", text);
  }

  private resource(): Resource<Inputs, State> {
    return this.make(this.session.requireContext());
  }

  /** Delivers all messages before a method ends, and gives errors no stack trace, which the engine would show. */
  private async finishing<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      // any other kind is a bug of this package, for which the trace is useful
      if (!(error instanceof TursoError) && !(error instanceof Error && error.name === "Error")) throw error;
      throw Object.assign(new Error(error.message), { stack: "" });
    } finally {
      await this.session.log.flush();
    }
  }
}
