// What is kept on the device: nothing, unless the owner wants it or the visitor opts out.

const PREFIX = "headwater.";

type Place = Record<string, string>;

/** The owner's choice. Its members are what it holds, as in every `Storage`. */
let place: Place | undefined;

/** Chooses where to keep things, where the browser lets the page. */
export const keepIn = (kind?: string): void => {
  try {
    place = (window as unknown as Record<string, Place | undefined>)[`${kind}Storage`];
  } catch {}
};

/** Whether anything is kept. */
export const keeps = (): boolean => !!place;

export const read = (name: string): string | undefined => place?.[PREFIX + name];

/** Keeps or removes a value; false where there is no room for it. */
export const write = (name: string, value?: string): boolean => {
  try {
    if (value) (place as Place)[PREFIX + name] = value;
    else delete place?.[PREFIX + name];
    return true;
  } catch {
    return !place;
  }
};

/** Removes all values whose names begin so. */
export const remove = (begin = ""): string[] =>
  Object.keys(place || {})
    .filter((name) => name.startsWith(PREFIX + begin))
    .map((name) => {
      const value = (place as Place)[name] as string;
      delete (place as Place)[name];
      return value;
    });

/** The visitor's wish holds for the next visit, too, so it is kept in any case. */
export const optedOut = (wish?: boolean): boolean => {
  try {
    const { localStorage } = window;
    if (wish) localStorage[`${PREFIX}off`] = 1;
    if (wish === false) delete localStorage[`${PREFIX}off`];
    return !!localStorage[`${PREFIX}off`];
  } catch {
    return !!wish;
  }
};
