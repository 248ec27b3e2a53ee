// The template of the Worker's entry module. It follows the shim of worker-build 0.8.7 (Apache-2.0), because the
// `worker` crate relies on its protocol: after a panic (`criticalError`) the instance is reset before the next call, and
// objects of an older instance are constructed anew.
import * as exports from "./index.js";

Error.stackTraceLimit = 100;
const initState = exports.__worker_init_state();

function checkReinitialize() {
  if (initState.criticalError) {
    console.log("Reinitializing Wasm application");
    exports.__wbg_reset_state();
    initState.criticalError = false;
    initState.instanceId++;
  }
}

addEventListener("error", (event) => {
  handleMaybeCritical(event.error);
});

// Pending calls into the instance. After a trap it cannot answer them; they are rejected, so that callers of a Durable
// Object do not wait for ever.
const waiting = new Set();

function handleMaybeCritical(error) {
  if (error instanceof WebAssembly.RuntimeError) {
    console.error("Critical", error);
    initState.criticalError = true;
    for (const reject of waiting) reject(error);
    waiting.clear();
  }
}

// Wraps a call into the instance. A trap marks the instance for a reset and rejects all pending calls.
function guarded(method) {
  return function (...args) {
    checkReinitialize();
    let result;
    try {
      result = method.apply(this, args);
    } catch (error) {
      handleMaybeCritical(error);
      throw error;
    }
    return result instanceof Promise ? watched(result) : result;
  };
}

function watched(result) {
  return new Promise((resolve, reject) => {
    waiting.add(reject);
    result.then(
      (value) => {
        waiting.delete(reject);
        resolve(value);
      },
      (error) => {
        waiting.delete(reject);
        handleMaybeCritical(error);
        reject(error);
      },
    );
  });
}

/* PACKED */

// biome-ignore lint/correctness/noUnusedVariables: used by the generated classes below
const classProxyHooks = {
  construct(ctor, args, newTarget) {
    const construct = () => Reflect.construct(ctor, args, newTarget);
    try {
      checkReinitialize();
      let instance = construct();
      let instanceId = initState.instanceId;
      return new Proxy(instance, {
        set: (_, prop, value) => Reflect.set(instance, prop, value),
        has: (_, prop) => Reflect.has(instance, prop),
        get(_, prop, receiver) {
          if (instanceId !== initState.instanceId) {
            instance = construct();
            instanceId = initState.instanceId;
          }
          const original = Reflect.get(instance, prop, receiver);
          return typeof original === "function" ? guarded(original) : original;
        },
      });
    } catch (error) {
      initState.criticalError = true;
      throw error;
    }
  },
};

// A plain object is faster than a WorkerEntrypoint, which the runtime constructs for each request.
export default {
  /* HANDLERS */
};

/* CLASSES */
