// Clicks and forms that are recorded without a call, where the owner asked for them.
import type { Settings } from "./settings";
import { track } from "./tracker";

const FILES =
  /\.(pdf|xlsx?|docx?|pptx?|odt|ods|csv|txt|rtf|epub|zip|rar|7z|t?gz|dmg|pkg|exe|msi|apk|iso|mp3|wav|mp4|mov|avi)$/i;

/** Queries may hold what is nobody's business. */
const bare = ({ origin, pathname }: HTMLAnchorElement | Location | URL): string => origin + pathname;

export const watchClicks = ({ auto }: Settings): void => {
  const wanted = (kind: string) => `${auto}`.includes(kind);
  const clicked = ({ button, target }: MouseEvent) => {
    const link = (target as Element).closest?.("a[href]") as HTMLAnchorElement | null;
    // The second button opens a menu.
    if (!link || button > 1 || !/^http/.test(link.protocol)) return;
    const href = bare(link);
    if (wanted("download") && (link.hasAttribute("download") || FILES.test(link.pathname))) track("download", { href });
    else if (wanted("outbound") && link.host != location.host) track("outbound_click", { href });
  };
  addEventListener("click", clicked, true);
  addEventListener("auxclick", clicked, true);
  if (wanted("form")) {
    addEventListener(
      "submit",
      ({ target }) => {
        // A field named `action` hides the property.
        const form = target as HTMLFormElement;
        const get = (name: string) => form.getAttribute(name);
        track("form_submit", {
          action: bare(new URL(get("action") || "", location.href)),
          id: get("id"),
          name: get("name"),
        });
      },
      true,
    );
  }
};
