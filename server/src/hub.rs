//! Passes new messages of a conversation to whoever watches it live: the customer's widget and staff in the console.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use tokio::sync::broadcast;

/// Messages a slow watcher may fall behind before it has to read the history again.
const BACKLOG: usize = 64;

/// What a watcher is told.
#[derive(Clone, Debug)]
pub enum Live {
    /// A stored message, as the JSON that the wire carries.
    Message(String),
    /// The state of the conversation changed, as the JSON that the wire carries.
    Status(String),
}

/// The live channels of one process.
#[derive(Debug, Default)]
pub struct Hub {
    channels: Mutex<HashMap<String, broadcast::Sender<Live>>>,
}

impl Hub {
    /// Begins to watch a conversation.
    pub fn watch(&self, conversation_id: &str) -> broadcast::Receiver<Live> {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        channels.entry(conversation_id.to_owned()).or_insert_with(|| broadcast::channel(BACKLOG).0).subscribe()
    }

    /// Tells every watcher; a conversation that nobody watches costs one look-up.
    pub fn tell(&self, conversation_id: &str, news: Live) {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(channel) = channels.get(conversation_id) else { return };
        if channel.send(news).is_err() {
            channels.remove(conversation_id);
        }
    }

    /// Whether anybody watches the conversation right now.
    pub fn is_watched(&self, conversation_id: &str) -> bool {
        let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        channels.get(conversation_id).is_some_and(|channel| channel.receiver_count() > 0)
    }

    /// Drops the channels of conversations that nobody watches any more.
    pub fn forget_unwatched(&self) {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, channel| channel.receiver_count() > 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_watcher_hears_and_strangers_do_not() {
        let hub = Hub::default();
        let mut first = hub.watch("a");
        let mut second = hub.watch("a");
        let mut other = hub.watch("b");
        hub.tell("a", Live::Message("hello".to_owned()));
        assert!(matches!(first.recv().await, Ok(Live::Message(text)) if text == "hello"));
        assert!(matches!(second.recv().await, Ok(Live::Message(text)) if text == "hello"));
        assert!(other.try_recv().is_err());
    }

    #[test]
    fn a_conversation_nobody_watches_leaves_nothing_behind() {
        let hub = Hub::default();
        drop(hub.watch("a"));
        hub.tell("a", Live::Status("{}".to_owned()));
        assert!(!hub.is_watched("a"));
        assert!(hub.channels.lock().unwrap().is_empty());
    }
}
