// Records clicks and forms automatically, if the site enabled it (`auto`).
import { type Fields, settings, track } from "./tracker";

/** A click or the submission of a form; `button` is the mouse button of a click. */
type Act = { target: HTMLAnchorElement; button: number };

/** Starts listening. URLs are recorded without their queries, which may contain personal data. */
export const watch = (): void => {
  ["click", "auxclick", "submit"].forEach((type) => {
    const listen = ({ target, button }: Act): unknown => {
      // Records an event if its kind is enabled; truthy if so.
      const record = (kind: string, properties: Fields) =>
        RegExp(kind).test(settings.auto as string) && [track(kind, properties)];
      // Not `target.id` or `target.action`: a form's field of that name would hide the property.
      const get = (name: string) => target.getAttribute(name);
      if (type > "d") {
        return record("form", { id: get("id"), action: get("action")?.split("?")[0] });
      }
      target = target.closest?.("a") as HTMLAnchorElement;
      // Links such as mailto: have no host. Button 2 opens a menu.
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
