//! Many writers, one transaction: what waits while one transaction is being made durable goes into the next
//! one together.

use crate::store::StoreError;
use std::collections::VecDeque;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::oneshot;

/// The most that wait at once; more are turned away, because they would wait longer than their senders do.
const MOST_WAITING: usize = 4096;

/// The most bytes that wait at once, in bodies.
const MOST_BYTES_WAITING: usize = 128 * 1024 * 1024;

/// The most that one transaction takes.
const MOST_AT_ONCE: usize = 512;

/// The most bytes that one transaction takes, unless a single one is larger.
const MOST_BYTES_AT_ONCE: usize = 16 * 1024 * 1024;

/// The longest that anyone waits for an answer: GitHub hangs up after ten seconds.
const PATIENCE: Duration = Duration::from_secs(8);

/// The longest that one transaction may take; a server that no packet reaches any more does not say so.
const TRANSACTION_LIMIT: Duration = Duration::from_secs(20);

/// How a batch is written.
pub trait Write: Send + Sync + 'static {
    /// What is written.
    type Item: Send + Sync + 'static;
    /// What became of it.
    type Done: Send + 'static;

    /// Roughly how many bytes it takes.
    fn weight(item: &Self::Item) -> usize;

    /// Writes all in one transaction and commits it. Answers one result for each, in their order; only after
    /// an answer is anything durable.
    fn write(&self, items: &[Self::Item])
    -> impl Future<Output = Result<Vec<Self::Done>, StoreError>> + Send;
}

/// A queue with one writer, which runs only while there is something to write. Cheap to clone; all clones share the queue.
pub struct GroupCommit<W: Write> {
    inner: Arc<Inner<W>>,
}

struct Inner<W: Write> {
    writer: W,
    queue: Mutex<Queue<W>>,
}

struct Queue<W: Write> {
    waiting: VecDeque<Waiting<W>>,
    bytes: usize,
    writing: bool,
}

struct Waiting<W: Write> {
    item: W::Item,
    answer: oneshot::Sender<Result<W::Done, StoreError>>,
}

impl<W: Write> Clone for GroupCommit<W> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<W: Write> GroupCommit<W> {
    /// An empty queue.
    pub fn new(writer: W) -> Self {
        let queue = Queue { waiting: VecDeque::new(), bytes: 0, writing: false };
        Self { inner: Arc::new(Inner { writer, queue: Mutex::new(queue) }) }
    }

    /// Writes one item together with the others that wait. When this answers well, it is durable.
    ///
    /// # Errors
    /// When too many wait, or the database cannot take it. When the answer did not come in time it may be
    /// written all the same.
    pub async fn write(&self, item: W::Item) -> Result<W::Done, StoreError> {
        let answer = self.enqueue(item)?;
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(StoreError::Unavailable("the writer ended before it had an answer".to_owned())),
            Err(_) => {
                let seconds = PATIENCE.as_secs();
                Err(StoreError::Unavailable(format!("nothing was committed within {seconds} seconds")))
            }
        }
    }

    fn enqueue(&self, item: W::Item) -> Result<oneshot::Receiver<Result<W::Done, StoreError>>, StoreError> {
        let weight = W::weight(&item);
        let mut queue = self.inner.queue();
        if queue.waiting.len() >= MOST_WAITING || queue.bytes + weight > MOST_BYTES_WAITING {
            let waiting = queue.waiting.len();
            return Err(StoreError::Unavailable(format!("{waiting} others wait to be written already")));
        }
        let (answer, receiver) = oneshot::channel();
        queue.bytes += weight;
        queue.waiting.push_back(Waiting { item, answer });
        if !queue.writing {
            queue.writing = true;
            tokio::spawn(Arc::clone(&self.inner).run());
        }
        Ok(receiver)
    }
}

impl<W: Write> Inner<W> {
    fn queue(&self) -> MutexGuard<'_, Queue<W>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes until nothing waits.
    async fn run(self: Arc<Self>) {
        let guard = Writing(&self);
        while let Some(batch) = self.next() {
            self.write_batch(batch).await;
        }
        std::mem::forget(guard);
    }

    /// What the next transaction takes; with nothing left, the writer is done.
    fn next(&self) -> Option<Vec<Waiting<W>>> {
        let mut queue = self.queue();
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while let Some(next) = queue.waiting.front() {
            // Its sender has hung up and will send it again.
            let abandoned = next.answer.is_closed();
            let weight = W::weight(&next.item);
            let full = batch.len() == MOST_AT_ONCE || bytes + weight > MOST_BYTES_AT_ONCE;
            if full && !batch.is_empty() && !abandoned {
                break;
            }
            queue.bytes -= weight;
            let next = queue.waiting.pop_front();
            if !abandoned {
                bytes += weight;
                batch.extend(next);
            }
        }
        queue.writing = !batch.is_empty();
        queue.writing.then_some(batch)
    }

    /// Writes a batch. When the database refuses something in it, each half is tried again, down to the one
    /// that it refuses; when the database is away that would help nobody.
    async fn write_batch(&self, batch: Vec<Waiting<W>>) {
        let mut parts = vec![batch];
        while let Some(mut part) = parts.pop() {
            let (items, answers): (Vec<_>, Vec<_>) =
                part.drain(..).map(|waiting| (waiting.item, waiting.answer)).unzip();
            match self.write_once(&items).await {
                Ok(done) => {
                    for (answer, done) in answers.into_iter().zip(done) {
                        // Whoever has hung up meanwhile asks again and is told of a duplicate.
                        let _ = answer.send(Ok(done));
                    }
                }
                Err(StoreError::Internal(_)) if items.len() > 1 => {
                    let mut first: Vec<_> = items
                        .into_iter()
                        .zip(answers)
                        .map(|(item, answer)| Waiting { item, answer })
                        .collect();
                    let second = first.split_off(first.len() / 2);
                    parts.extend([second, first]);
                }
                Err(error) => {
                    for answer in answers {
                        let _ = answer.send(Err(error.clone()));
                    }
                }
            }
        }
    }

    async fn write_once(&self, items: &[W::Item]) -> Result<Vec<W::Done>, StoreError> {
        let done = tokio::time::timeout(TRANSACTION_LIMIT, self.writer.write(items)).await;
        let done = done.unwrap_or_else(|_| {
            let seconds = TRANSACTION_LIMIT.as_secs();
            Err(StoreError::Unavailable(format!("the database did not answer within {seconds} seconds")))
        })?;
        if done.len() == items.len() {
            return Ok(done);
        }
        Err(StoreError::Internal(format!("{} answers for {} items", done.len(), items.len())))
    }
}

/// If the writer panics, the next item starts a new one, and those that waited are told at once.
struct Writing<'a, W: Write>(&'a Inner<W>);

impl<W: Write> Drop for Writing<'_, W> {
    fn drop(&mut self) {
        let mut queue = self.0.queue();
        queue.writing = false;
        queue.bytes = 0;
        queue.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::Semaphore;

    /// Writes numbers when it is let to, and knows what it wrote together.
    #[derive(Default)]
    struct Numbers {
        written: Mutex<Vec<Vec<u32>>>,
    }

    struct Gated {
        numbers: Arc<Numbers>,
        gate: Arc<Semaphore>,
    }

    const REFUSED: u32 = 13;
    const AWAY: u32 = 404;
    const PANIC: u32 = 666;

    impl Write for Gated {
        type Item = u32;
        type Done = u32;

        fn weight(item: &u32) -> usize {
            if *item == 0 { MOST_BYTES_WAITING } else { 1 }
        }

        async fn write(&self, items: &[u32]) -> Result<Vec<u32>, StoreError> {
            self.gate.acquire().await.unwrap().forget();
            self.numbers.written.lock().unwrap().push(items.to_vec());
            assert!(!items.contains(&PANIC), "as asked");
            if items.contains(&AWAY) {
                return Err(StoreError::Unavailable("away".to_owned()));
            }
            if items.contains(&REFUSED) {
                return Err(StoreError::Internal("refused".to_owned()));
            }
            Ok(items.iter().map(|item| item * 10).collect())
        }
    }

    struct World {
        queue: GroupCommit<Gated>,
        numbers: Arc<Numbers>,
        gate: Arc<Semaphore>,
    }

    type Answer = oneshot::Receiver<Result<u32, StoreError>>;

    impl World {
        fn new() -> Self {
            let (numbers, gate) = (Arc::<Numbers>::default(), Arc::new(Semaphore::new(0)));
            let writer = Gated { numbers: Arc::clone(&numbers), gate: Arc::clone(&gate) };
            Self { queue: GroupCommit::new(writer), numbers, gate }
        }

        /// The first is taken alone; the others wait behind it.
        async fn behind_one(items: &[u32]) -> (Self, Answer, Vec<Answer>) {
            let world = Self::new();
            let first = world.queue.enqueue(1).unwrap();
            while !world.queue.inner.queue().waiting.is_empty() {
                tokio::task::yield_now().await;
            }
            let others = items.iter().map(|item| world.queue.enqueue(*item).unwrap()).collect();
            (world, first, others)
        }

        fn open(&self) {
            self.gate.add_permits(1000);
        }

        fn written(&self) -> Vec<Vec<u32>> {
            self.numbers.written.lock().unwrap().clone()
        }
    }

    #[tokio::test]
    async fn what_waits_is_written_together_and_each_gets_its_own_answer() {
        let (world, first, others) = World::behind_one(&[2, 3, 4]).await;
        world.open();
        assert_eq!(first.await.unwrap().unwrap(), 10);
        for (index, other) in others.into_iter().enumerate() {
            assert_eq!(other.await.unwrap().unwrap() as usize, (index + 2) * 10);
        }
        assert_eq!(world.written(), [vec![1], vec![2, 3, 4]]);
        assert_eq!(world.queue.write(5).await.unwrap(), 50);
    }

    #[tokio::test]
    async fn one_that_is_refused_takes_no_other_with_it() {
        let (world, _first, others) = World::behind_one(&[2, 3, REFUSED, 5, 6]).await;
        world.open();
        let mut answers = Vec::new();
        for other in others {
            answers.push(other.await.unwrap().ok());
        }
        assert_eq!(answers, [Some(20), Some(30), None, Some(50), Some(60)]);
    }

    #[tokio::test]
    async fn when_the_database_is_away_nobody_is_tried_alone() {
        let (world, _first, others) = World::behind_one(&[2, AWAY, 3]).await;
        world.open();
        for other in others {
            assert!(matches!(other.await.unwrap(), Err(StoreError::Unavailable(_))));
        }
        assert_eq!(world.written(), [vec![1], vec![2, AWAY, 3]]);
    }

    #[tokio::test]
    async fn a_full_queue_turns_away_and_takes_again_when_it_has_room() {
        let (world, first, mut others) = World::behind_one(&[]).await;
        for _ in 0..MOST_WAITING {
            others.push(world.queue.enqueue(2).unwrap());
        }
        assert!(matches!(world.queue.write(2).await, Err(StoreError::Unavailable(_))));
        world.open();
        assert!(first.await.unwrap().is_ok());
        for other in others {
            assert!(other.await.unwrap().is_ok());
        }
        assert!(world.written().iter().all(|batch| batch.len() <= MOST_AT_ONCE));
        assert_eq!(world.queue.write(7).await.unwrap(), 70);
        // By bytes as well: one such item fills the queue, and is taken when nothing else is there.
        assert_eq!(world.queue.write(0).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_is_not_written() {
        let (world, first, mut others) = World::behind_one(&[2, 3, 4]).await;
        drop(others.remove(1));
        world.open();
        assert!(first.await.unwrap().is_ok());
        for other in others {
            assert!(other.await.unwrap().is_ok());
        }
        assert_eq!(world.written(), [vec![1], vec![2, 4]]);
    }

    #[tokio::test]
    async fn a_writer_that_panics_is_replaced_and_those_who_waited_are_told() {
        let (world, first, others) = World::behind_one(&[PANIC, 2]).await;
        world.open();
        assert!(first.await.unwrap().is_ok());
        for other in others {
            assert!(other.await.is_err(), "nothing was written, so nothing may be acknowledged");
        }
        assert_eq!(world.queue.write(3).await.unwrap(), 30);
    }
}
