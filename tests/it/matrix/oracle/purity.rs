//! Bytes of a segment do not depend on what was made before it.
use watchparty::media::engine::Head;

use crate::matrix::oracle::segments::Made;
use crate::support::films::{limit, segment};

/// Neighbours in the middle: one head goes through them, fresh heads take them from the last to the first.
pub(super) fn check(made: &Made) {
    let source = &made.film.source;
    let middle = (made.jobs.len() / 2).saturating_sub(1);
    let jobs: Vec<_> = made.jobs.iter().skip(middle).take(3).collect();
    let open = || Head::open(source, &made.spec, &limit()).unwrap_or_else(|error| panic!("{}: {error}", made.label));
    let mut warm = open();
    let in_order: Vec<Vec<u8>> = jobs
        .iter()
        .map(|job| segment(&mut warm, job).unwrap_or_else(|error| panic!("{} {job:?}: {error}", made.label)).0)
        .collect();
    for (job, in_order) in jobs.iter().zip(&in_order).rev() {
        let (alone, _) = segment(&mut open(), job).unwrap_or_else(|error| panic!("{} {job:?}: {error}", made.label));
        assert!(alone == *in_order, "{} {job:?}: depends on what was made before it", made.label);
        // The service may choose another speed for conversions.
        if !made.id.is_converted_video() {
            assert!(made.segments[job.index as usize] == alone, "{} {job:?}: the service makes another", made.label);
        }
    }
}
