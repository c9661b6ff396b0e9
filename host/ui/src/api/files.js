// The service's files: uploading them with progress, and displaying them.

import { useEffect, useState } from 'react';
import { accessKey } from './access.js';
import { ServiceError, addressOf, pathOf, request } from './client.js';

/**
 * Uploads a file and resolves to its FILE_ENTRY. `fetch` does not report upload
 * progress.
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
        const title = `the service returned HTTP ${transfer.status}`;
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

/** The path of a stored file. An output may contain any path, which must not be requested. */
const FILE = /^\/files\/[\w-]+$/;

/**
 * The URL from which an element of the page can load a file. Elements cannot send
 * an API key; if there is one, the content is fetched with it.
 *
 * @param {string} url
 * @returns {string | undefined} undefined while the file is fetched, and for
 *   files that do not belong to the service
 */
export function useFileUrl(url) {
  const path = FILE.exec(pathOf(url) ?? '')?.[0];
  const needsKey = path !== undefined && accessKey.get() !== null;
  const [blobUrl, setBlobUrl] = useState();
  useEffect(() => {
    if (!needsKey) {
      return undefined;
    }
    let created;
    const controller = new AbortController();
    request('GET', path, { accept: '*/*', signal: controller.signal })
      .then((response) => response.blob())
      .then((blob) => setBlobUrl((created = URL.createObjectURL(blob))))
      .catch(() => {});
    return () => {
      controller.abort();
      URL.revokeObjectURL(created);
    };
  }, [path, needsKey]);
  if (needsKey) {
    return blobUrl;
  }
  // An output may contain any URL: only the service's own become links.
  return path === undefined ? undefined : addressOf(path);
}

/** Formats a size for people. */
export function formatBytes(bytes) {
  const units = ['bytes', 'KB', 'MB', 'GB'];
  let unit = 0;
  let size = bytes;
  for (; size >= 1024 && unit < units.length - 1; unit += 1) {
    size /= 1024;
  }
  return `${size.toLocaleString('en', { maximumFractionDigits: size < 10 ? 1 : 0 })} ${units[unit]}`;
}
