//! The demuxers and decoders that files may use, also when a fuller `FFmpeg` is linked. No playlist formats: a file
//! must not make the engine open another file.

/// Demuxers, by name.
pub(super) const DEMUXERS: &str = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,flv,asf,ogg,wav,mp3,aac,flac,ac3,eac3,dts,truehd,\
h264,hevc,ivf,m4v,rm,mxf";

/// Decoders, by name.
pub(super) const DECODERS: &str = "h264,hevc,libdav1d,vp8,vp9,mpeg1video,mpeg2video,mpeg4,msmpeg4v1,msmpeg4v2,msmpeg4,wmv1,wmv2,wmv3,\
vc1,theora,h263,flv,rv10,rv20,rv30,rv40,svq1,svq3,mjpeg,png,prores,dvvideo,huffyuv,ffv1,rawvideo,cinepak,aac,aac_latm,\
mp1,mp1float,mp2,mp2float,mp3,mp3float,ac3,eac3,dca,truehd,mlp,flac,alac,vorbis,opus,wmav1,wmav2,wmapro,wmalossless,\
cook,amrnb,amrwb,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_u8,pcm_s8,\
pcm_alaw,pcm_mulaw,pcm_bluray,pcm_dvd,adpcm_ms,adpcm_ima_wav,adpcm_ima_qt,subrip,srt,ass,ssa,webvtt,mov_text,text,\
pgssub,dvdsub,dvbsub";

/// Whether a decoder may be opened.
pub(super) fn decoder(name: &str) -> bool {
    DECODERS.split(',').any(|allowed| allowed == name)
}
