//! The functions of timeouts.

use super::run;
use crate::tokio::time::{Duration, Instant, Timeout, error::Elapsed, timeout, timeout_at};

#[test]
fn a_timeout_has_all_its_functions() {
    run(async {
        let mut timed: Timeout<std::future::Ready<u8>> =
            timeout(Duration::from_secs(1), std::future::ready(1));
        assert_eq!(format!("{:?}", Timeout::get_ref(&timed)), "Ready(Some(1))");
        *Timeout::get_mut(&mut timed) = std::future::ready(2);
        assert!(format!("{timed:?}").starts_with("Timeout { value: Ready(Some(2))"), "{timed:?}");
        assert_eq!(Timeout::into_inner(timed).await, 2);
        assert_eq!(timeout(Duration::MAX, async { 3 }).await, Ok(3));
        let over: Result<(), Elapsed> = timeout(Duration::ZERO, std::future::pending()).await;
        assert_eq!(over.unwrap_err().to_string(), "deadline has elapsed");
        let deadline = Instant::now();
        assert!(timeout_at(deadline, std::future::pending::<()>()).await.is_err());
        assert_eq!(timeout_at(deadline, async { 4 }).await, Ok(4));
    });
}

#[test]
#[should_panic]
fn a_timeout_wants_a_timer() {
    drop(timeout(Duration::from_secs(1), async {}));
}
