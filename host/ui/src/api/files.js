// Files of the service: upload with progress, and how a page shows them.

import { useEffect, useState } from 'react';
import { accessKey } from './access.js';
import { ServiceError, addressOf, pathOf, request } from './client.js';

/**
 * Uploads a file and resolves to its FILE_ENTRY. `fetch` tells no progress of
 * what it sends.
 *
 * @param {File} file
 * @param {(share: number) => void} onProgress
 * @param {AbortSignal} signal
 */
export function upload(file, onProgress, signal) {
  return new Promise((resolve, reject) => {
    const transfer = new XMLHttpRequest();
    transfer.open('POST', addressOf(`/files?name=${encodeURIComponent(file.name)}`));
    transfer.responseType = 'json';
    transfer.setRequestHeader('Content-Type', file.type || 'application/octet-stream');
    if (accessKey.get()) {
      transfer.setRequestHeader('Authorization', `Bearer ${accessKey.get()}`);
    }
    transfer.upload.onprogress = (event) => onProgress(event.loaded / event.total);
    transfer.onload = () => {
      if (transfer.status === 201) {
        resolve(transfer.response);
      } else {
        const title = `the service answered with status ${transfer.status}`;
        reject(new ServiceError(transfer.response ?? { title }));
      }
    };
    transfer.onerror = () => reject(new ServiceError({ title: 'the upload was interrupted' }));
    transfer.onabort = () => reject(new DOMException('cancelled', 'AbortError'));
    signal.addEventListener('abort', () => transfer.abort());
    transfer.send(file);
  });
}

/** Whether a value is a FILE_ENTRY. */
export function isFileEntry(value) {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof value.url === 'string' &&
    typeof value.mimeType === 'string'
  );
}

/**
 * The address under which an element of the page can show a file. Elements
 * send no key; where there is one, the content is fetched with it.
 *
 * @param {string} url
 * @returns {string | undefined} undefined while it is fetched, and for what is
 *   not a file of the service
 */
export function useFileUrl(url) {
  const path = pathOf(url);
  const needsKey = path !== undefined && accessKey.get() !== null;
  const [blobUrl, setBlobUrl] = useState();
  useEffect(() => {
    if (!needsKey) {
      return undefined;
    }
    let made;
    const controller = new AbortController();
    request('GET', path, { accept: '*/*', signal: controller.signal })
      .then((response) => response.blob())
      .then((blob) => setBlobUrl((made = URL.createObjectURL(blob))))
      .catch(() => {});
    return () => {
      controller.abort();
      URL.revokeObjectURL(made);
    };
  }, [path, needsKey]);
  if (needsKey) {
    return blobUrl;
  }
  // An output may name any address: what is not the service's own is no link.
  return path === undefined ? undefined : addressOf(path);
}

/** A size as people write it. */
export function formatBytes(bytes) {
  const units = ['bytes', 'KB', 'MB', 'GB'];
  let unit = 0;
  let size = bytes;
  for (; size >= 1024 && unit < units.length - 1; unit += 1) {
    size /= 1024;
  }
  return `${size.toLocaleString('en', { maximumFractionDigits: size < 10 ? 1 : 0 })} ${units[unit]}`;
}
