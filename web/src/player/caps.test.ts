import { describe, expect, test } from 'vitest';
import { asQuery, type Found, thorough } from './caps';

const FIRST: Found = {
  video: ['h264', 'hevc', 'hevc10', 'av1'],
  audio: ['aac'],
  containers: ['mp4'],
  mse: true,
};

/** A device that decodes what `smooth` says of its codec, and remembers what it was asked. */
function device(smooth: (codec: string, hdr: boolean) => boolean | 'throws') {
  const asked: MediaDecodingConfiguration[] = [];
  const decodingInfo = (question: MediaDecodingConfiguration) => {
    asked.push(question);
    const { contentType = '', transferFunction } = question.video ?? {};
    const answer = smooth(contentType, transferFunction === 'hlg');
    if (answer === 'throws') return Promise.reject(new TypeError('unknown member'));
    return Promise.resolve({ supported: true, smooth: answer });
  };
  return { decodingInfo, asked };
}

describe('what a viewer reports', () => {
  test('leaves out what the device admits to but stumbles over', async () => {
    const slow = device((codec) => !codec.includes('hvc1.2'));
    expect((await thorough(FIRST, slow, false)).video).toEqual(['h264', 'hevc', 'av1']);
  });

  test('keeps H.264 whatever is said of it, or nothing could be played at all', async () => {
    const weak = device(() => false);
    expect((await thorough(FIRST, weak, false)).video).toEqual(['h264']);
  });

  test('keeps everything where nobody can be asked, or does not understand', async () => {
    expect(await thorough(FIRST, undefined, true)).toEqual(FIRST);
    const old = device(() => 'throws');
    expect((await thorough(FIRST, old, true)).video).toEqual(FIRST.video);
  });

  test('names HDR only where both the screen and a 10-bit decoder have it', async () => {
    const able = device(() => true);
    expect((await thorough(FIRST, able, true)).video).toContain('hdr');
    expect((await thorough(FIRST, able, false)).video).not.toContain('hdr');
    const sdr = device((_, hdr) => !hdr);
    expect((await thorough(FIRST, sdr, true)).video).not.toContain('hdr');
    const eight = { ...FIRST, video: ['h264', 'hevc'] };
    expect((await thorough(eight, able, true)).video).not.toContain('hdr');
  });

  test('asks about media source where films are fed by script, else about files', async () => {
    const able = device(() => true);
    await thorough({ ...FIRST, mse: false }, able, false);
    expect(new Set(able.asked.map((question) => question.type))).toEqual(new Set(['file']));
  });

  test('is written as the playback call reads it', () => {
    expect(asQuery(FIRST)).toBe('v=h264%2Chevc%2Chevc10%2Cav1&a=aac&c=mp4&mse=1');
  });
});
