// The script that the Worker serves.
import * as api from "./api";
import { expose } from "./tag";

// Each by its name: an object of a whole module costs more.
const { dropped, flush, getAnonymousId, identify, init, optIn, optOut, page, reset, revenue, setAnonymousId, track } =
  api;
expose({ dropped, flush, getAnonymousId, identify, init, optIn, optOut, page, reset, revenue, setAnonymousId, track });
