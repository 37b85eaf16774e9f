// A step that blocks on a human: asks on Holdpoint's queue, and waits for the decision.
// Needs nothing but `fetch` (Node 18 or later, Deno, Bun, a browser).
//
//   const queue = new ApprovalQueue("https://holdpoint.example.com", token);
//   const approval = await queue.ask("refund-7", { prompt: "Refund?", choices: ["yes", "no"] });
//   const decision = await queue.waitForDecision(approval, 3600);
//
// Call both again after a crash: the same key is the same question, and a decision stays.

export interface Decision {
  outcome: string;
  response: unknown;
  reason: string;
  responder: string;
  at: string;
}

export class ApprovalError extends Error {
  constructor(message: string, readonly code: string, readonly status = 0) {
    super(message);
  }
}

/** Nobody has decided: the time to wait, or that of the question, is over. */
export class DecisionTimeoutError extends ApprovalError {}

const LONG_POLL = 60;
const AWAY = [429, 500, 502, 503, 504];
const now = () => Date.now() / 1000;
const sleep = (seconds: number) => new Promise((done) => setTimeout(done, seconds * 1000));

export class ApprovalQueue {
  constructor(private readonly url: string, private readonly token: string) {}

  /** Open a request; what to wait for. The same key opens none. */
  async ask(key: string, question: object, timeout = Infinity): Promise<string> {
    const asked = await this.insist("/requests", 20, now() + timeout, {
      method: "POST",
      headers: { "Content-Type": "application/json", "Idempotency-Key": encodeURIComponent(key) },
      body: JSON.stringify(question),
    });
    return asked.id;
  }

  /** Until somebody has decided; without a timeout, however long that takes. */
  async waitForDecision(approval: string, timeout = Infinity): Promise<Decision> {
    const end = now() + timeout;
    for (;;) {
      const wait = Math.min(LONG_POLL, Math.max(0, end - now()));
      const path = `/requests/${approval}/decision?wait=${wait}`;
      const told = await this.insist(path, wait + 20, end);
      if (told.decision) return told.decision;
      if (told.status === "expired") throw new DecisionTimeoutError("The question expired.", "expired");
      if (told.status === "withdrawn") throw new ApprovalError("The question was withdrawn.", "withdrawn");
      if (now() >= end) throw new DecisionTimeoutError("Nobody decided in time.", "timeout");
    }
  }

  /** The reply's JSON; while Holdpoint is away, try again, with longer and longer pauses. */
  private async insist(path: string, limit: number, end: number, init: RequestInit = {}): Promise<any> {
    for (let pause = 0.5; ; pause = Math.min(pause * 2, 30)) {
      const reply = await fetch(`${this.url}/api/v1${path}`, {
        ...init,
        headers: { ...init.headers, Authorization: `Bearer ${this.token}` },
        signal: AbortSignal.timeout(limit * 1000),
      }).catch(() => undefined); // no connection, or it broke, or took too long
      if (reply && !AWAY.includes(reply.status)) {
        const body = await reply.json().catch(() => undefined);
        if (reply.ok && body) return body;
        if (!reply.ok) {
          const told = body?.error ?? { message: `${reply.status} from ${path}`, code: "" };
          throw new ApprovalError(told.message, told.code, reply.status);
        }
      }
      const wished = Number(reply?.headers.get("Retry-After")) || 0;
      const seconds = Math.max(wished, (pause / 2) * (1 + Math.random()));
      if (now() + seconds > end) throw new DecisionTimeoutError("Holdpoint was away.", "timeout");
      await sleep(seconds);
    }
  }
}
