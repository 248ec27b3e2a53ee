// The Worker's entry. It follows the shim that worker-build 0.8.7 (Apache-2.0) puts around
// wasm-bindgen's output, because the `worker` crate relies on its protocol: after a panic
// (`criticalError`) the instance is reset before the next call, and objects that belong to an
// older instance are constructed anew.
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

// The calls that wait for the instance. Once it has trapped, nobody in it can answer them, and a
// Durable Object's caller would wait for ever.
const waiting = new Set();

function handleMaybeCritical(error) {
  if (error instanceof WebAssembly.RuntimeError) {
    console.error("Critical", error);
    initState.criticalError = true;
    for (const reject of waiting) reject(error);
    waiting.clear();
  }
}

// Calls into the instance; a trap in it marks the instance for a reset and fails whatever waits for it.
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

// biome-ignore lint/correctness/noUnusedVariables: the classes use it, which are generated below
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

// A plain object costs a request less than a WorkerEntrypoint, of which the runtime makes one for each.
export default {
  /* HANDLERS */
};

/* CLASSES */
