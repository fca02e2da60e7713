// What a title or a name means, where it stands: data-tip is shown by mouse, keyboard and touch.

let explained = null;

function placeTip() {
  if (!explained) return;
  const tip = byId("tip"), { left, top, bottom } = explained.getBoundingClientRect();
  const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
  tip.style.left = `${Math.max(8, Math.min(left, room))}px`;
  tip.style.top = `${bottom + tip.offsetHeight < innerHeight ? bottom : top - tip.offsetHeight}px`;
}

function hideTip() {
  explained?.removeAttribute("aria-describedby");
  explained = null;
  byId("tip").hidePopover();
}

function showTip(target) {
  if (target === explained || !target.dataset.tip) return;
  hideTip();
  explained = target;
  byId("tip").textContent = target.dataset.tip;
  target.setAttribute("aria-describedby", "tip");
  byId("tip").showPopover();
  placeTip();
}

/** Show tips over what the pointer or the focus is on; Escape hides them, and a pointer may go onto one. */
function offerTips() {
  const of = ({ target, pointerType }) => {
    // A press that sorts draws its title anew, and gives it the focus.
    const at = target.isConnected ? target : document.activeElement;
    return at.closest?.(pointerType === "mouse" ? ":not(td)[data-tip]" : "[data-tip]");
  };
  document.addEventListener("pointerover", (event) => of(event) && showTip(of(event)));
  document.addEventListener("focusin", (event) => of(event)?.matches(":focus-visible") && showTip(of(event)));
  document.addEventListener("click", (event) => of(event) && !byId("details").open ? showTip(of(event)) : hideTip());
  document.addEventListener("pointerout", ({ pointerType, relatedTarget }) => {
    if (pointerType === "mouse" && !relatedTarget?.closest?.("#tip, [data-tip]")) hideTip();
  });
  document.addEventListener("focusout", hideTip);
  document.addEventListener("keydown", ({ key }) => key === "Escape" && hideTip());
  document.addEventListener("scroll", placeTip, { capture: true, passive: true });
}
