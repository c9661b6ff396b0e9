// Follows growing content: keeps its end visible until the reader scrolls up, and again
// once the reader returns to the end.

import { useEffect, useRef, useState } from 'react';
import { Down } from '../parts/icons.jsx';

/** How far from the end, in pixels, still counts as the end. */
const NEAR = 40;

/** @param {{isGrowing: boolean, children: import('react').ReactNode}} props */
export function Follow({ isGrowing, children }) {
  const end = useRef(null);
  const isFollowing = useRef(true);
  const [isAway, setAway] = useState(false);

  useEffect(() => {
    if (!isGrowing) {
      return undefined;
    }
    const follow = (isOn) => {
      isFollowing.current = isOn;
      setAway(!isOn);
    };
    follow(true);
    // What scrolls may change: at first, the content fits.
    const positions = new WeakMap();
    const watch = () => {
      const scroller = scrollerOf(end.current);
      if (scroller.scrollTop < (positions.get(scroller) ?? 0) - 1) {
        follow(false);
      } else if (distance(scroller, end.current) < NEAR) {
        follow(true);
      }
      positions.set(scroller, scroller.scrollTop);
    };
    // Scroll events of elements do not bubble.
    document.addEventListener('scroll', watch, { capture: true, passive: true });
    const observer = new ResizeObserver(() => {
      if (isFollowing.current) {
        toEnd(end.current);
      }
    });
    observer.observe(end.current.parentElement);
    return () => {
      document.removeEventListener('scroll', watch, { capture: true });
      observer.disconnect();
      setAway(false);
    };
  }, [isGrowing]);

  return (
    <>
      {children}
      <span ref={end} className="follow-end" />
      {isGrowing && isAway && (
        <button
          type="button"
          className="button button-small follow-button"
          onClick={() => toEnd(end.current)}
        >
          <Down /> Latest
        </button>
      )}
    </>
  );
}

/** The nearest element around that scrolls, or else the page. */
function scrollerOf(element) {
  for (let around = element.parentElement; around; around = around.parentElement) {
    const scrolls = /auto|scroll/.test(getComputedStyle(around).overflowY);
    if (scrolls && around.scrollHeight > around.clientHeight + 1) {
      return around;
    }
  }
  return document.scrollingElement;
}

/** How far the end is below the visible part. */
function distance(scroller, end) {
  const isPage = scroller === document.scrollingElement;
  // A bar at the bottom of the page covers its end.
  const bottom = isPage ? window.innerHeight - 80 : scroller.getBoundingClientRect().bottom;
  return end.getBoundingClientRect().bottom - bottom;
}

function toEnd(end) {
  const scroller = scrollerOf(end);
  const below = distance(scroller, end);
  if (below > 0) {
    scroller.scrollTop += below;
  }
}
