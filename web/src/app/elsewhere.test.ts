import { describe, expect, it } from 'vitest';
import { deviceOf, fileAddress, fileName, goodFor, playlistFile, vlcLink } from './elsewhere';

const URL = 'http://192.168.1.7:8420/stream/TOKEN/compat/master.m3u8';

describe('a film in another player', () => {
  it('is opened by a link on phones and by a file elsewhere', () => {
    expect(deviceOf('Mozilla/5.0 (Linux; Android 15; Pixel 9)', 5)).toBe('android');
    expect(deviceOf('Mozilla/5.0 (iPhone; CPU iPhone OS 19_0)', 5)).toBe('ios');
    expect(deviceOf('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15)', 5)).toBe('ios');
    expect(deviceOf('Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15)', 0)).toBe('desk');
    expect(vlcLink('desk', URL)).toBeNull();
    expect(vlcLink('android', URL)).toMatch(/^intent:\/\/192\.168\.1\.7:8420\/stream\/.*scheme=http;/);
    expect(vlcLink('ios', URL)).toContain('url=http%3A%2F%2F192.168.1.7%3A8420%2Fstream%2FTOKEN');
  });

  it('is the file itself where any file will do', () => {
    expect(fileAddress(URL)).toBe('http://192.168.1.7:8420/stream/TOKEN/direct');
  });

  it('has a playlist of one line of title, whatever the title', () => {
    expect(playlistFile('A\nB', URL)).toBe(`#EXTM3U\n#EXTINF:-1,A B\n${URL}\n`);
    expect(fileName('What? A/B: "C".')).toBe('What A B C .m3u');
    expect(fileName('///')).toBe('film.m3u');
  });

  it('says how long an address lasts, and never too much', () => {
    expect(goodFor(12 * 3600)).toBe('about 12 hours');
    expect(goodFor(13 * 3600 - 1)).toBe('about 12 hours');
    expect(goodFor(3600)).toBe('about an hour');
  });
});
