//! TABLE of the rate-limit buckets: which requests count together, and how many a minute a paid org allows (behaviour.md A.7).

macro_rules! buckets {
    ($($(#[$doc:meta])* $name:ident = $text:literal $limit:literal;)*) => {
        /// Requests that share one allowance.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Bucket {
            $($(#[$doc])* $name,)*
        }

        impl Bucket {
            /// Every bucket, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name a limits file gives it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Requests a minute in a real paid org.
            #[must_use]
            pub const fn okta_limit(self) -> u32 {
                match self { $(Self::$name => $limit,)* }
            }
        }
    };
}

buckets! {
    /// `GET` and `POST /users`.
    Users = "users" 600;
    /// `GET /users/{idOrLogin}`.
    UserRead = "user-read" 1000;
    /// `POST`, `PUT`, `DELETE /users/{id}`.
    UserWrite = "user-write" 600;
    /// Everything below `/users/{id}`.
    UserChildren = "user-children" 600;
    /// `/groups`.
    Groups = "groups" 600;
    /// `/apps`, and what is below an app.
    Apps = "apps" 100;
    /// `/apps/{id}`.
    App = "app" 600;
    /// `/authn`.
    Authn = "authn" 600;
    /// `/sessions`.
    Sessions = "sessions" 600;
    /// `/oauth2`, short of its clients.
    Oauth = "oauth" 1200;
    /// `/logs`.
    Logs = "logs" 120;
    /// Everything else.
    Other = "other" 1000;
}

/// Seconds in a bucket's window; the allowance is whole again when one begins.
pub const WINDOW_SECONDS: i64 = 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique() {
        for (index, bucket) in Bucket::ALL.iter().enumerate() {
            assert_eq!(Bucket::ALL.iter().position(|other| other.name() == bucket.name()), Some(index));
        }
    }
}
