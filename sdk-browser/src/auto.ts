// Clicks and forms that are recorded without a call, where the owner asked for them.
import { type Fields, settings, track } from "./tracker";

/** What is clicked or sent; the button is that of a click. */
type Act = { target: HTMLAnchorElement; button: number };

/** Listens. Addresses are told without their queries, which may hold anything. */
export const watch = (): void => {
  ["click", "auxclick", "submit"].forEach((type) => {
    const listen = ({ target, button }: Act): unknown => {
      // Where it was asked for; whether it was.
      const record = (kind: string, properties: Fields) =>
        RegExp(kind).test(settings.auto as string) && [track(kind, properties)];
      // A field's name would hide the property of that name.
      const get = (name: string) => target.getAttribute(name);
      if (type > "d") {
        return record("form", { id: get("id"), action: get("action")?.split("?")[0] });
      }
      target = target.closest?.("a") as HTMLAnchorElement;
      // Only addresses of the web have a host. The second button opens a menu.
      if (!target?.host || button > 1) return;
      const href = target.origin + target.pathname;
      return (
        ((get("download") != null || /\.(pdf|docx?|xlsx?|pptx?|csv|zip|gz|dmg|exe|apk|mp[34])$/i.test(href)) &&
          record("download", { href })) ||
        (target.host != location.host && record("outbound", { href }))
      );
    };
    addEventListener(type, listen as never, true);
  });
};
