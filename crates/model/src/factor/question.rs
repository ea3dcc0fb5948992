//! TABLE of the built-in security questions, and the answers to them. The keys are the API reference's, the texts those
//! that a real org's pages show.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::error::{ErrorCode, Problem};
use crate::user::recovery_question::RecoveryQuestion;

macro_rules! security_questions {
    ($($name:ident = $key:literal $text:literal;)*) => {
        /// A built-in security question.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum SecurityQuestion {
            $(#[doc = $text] #[serde(rename = $key)] $name,)*
        }

        impl SecurityQuestion {
            /// Every question, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// `question` on the wire.
            #[must_use]
            pub const fn key(self) -> &'static str {
                match self { $(Self::$name => $key,)* }
            }

            /// `questionText` on the wire.
            #[must_use]
            pub const fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The question with this key.
            #[must_use]
            pub fn from_key(key: &str) -> Option<Self> {
                match key { $($key => Some(Self::$name),)* _ => None }
            }
        }
    };
}

security_questions! {
    DislikedFood = "disliked_food" "What is the food you least liked as a child?";
    NameOfFirstPlushToy = "name_of_first_plush_toy" "What is the name of your first stuffed animal?";
    FirstAward = "first_award" "What did you earn your first medal or award for?";
    FavoriteSecurityQuestion = "favorite_security_question" "What is your favorite security question?";
    FavoriteToy = "favorite_toy" "What is the toy/stuffed animal you liked the most as a kid?";
    FirstComputerGame = "first_computer_game" "What was the first computer game you played?";
    FavoriteMovieQuote = "favorite_movie_quote" "What is your favorite movie quote?";
    FirstSportsTeamMascot = "first_sports_team_mascot" "What was the mascot of the first sports team you played on?";
    FirstMusicPurchase = "first_music_purchase" "What music album or song did you first purchase?";
    FavoriteArtPiece = "favorite_art_piece" "What is your favorite piece of art?";
    GrandmotherFavoriteDesert = "grandmother_favorite_desert" "What was your grandmother's favorite dessert?";
    FirstThingCooked = "first_thing_cooked" "What was the first thing you learned to cook?";
    ChildhoodDreamJob = "childhood_dream_job" "What was your dream job as a child?";
    FirstKissLocation = "first_kiss_location" "Where did you have your first kiss?";
    PlaceWhereSignificantOtherWasMet = "place_where_significant_other_was_met" "Where did you meet your spouse/significant other?";
    FavoriteVacationLocation = "favorite_vacation_location" "Where did you go for your favorite vacation?";
    NewYearsTwoThousand = "new_years_two_thousand" "Where were you on New Year's Eve in the year 2000?";
    FavoriteSpeakerActor = "favorite_speaker_actor" "Who is your favorite speaker/orator?";
    FavoriteBookMovieCharacter = "favorite_book_movie_character" "Who is your favorite book/movie character?";
    FavoriteSportsPlayer = "favorite_sports_player" "Who is your favorite sports player?";
}

/// A question with an answer that is good: the rules are those of the recovery question (behaviour.md E.8). It has no
/// `Debug`.
#[derive(Clone)]
pub struct QuestionAnswer {
    question: SecurityQuestion,
    folded_answer: String,
}

impl QuestionAnswer {
    /// Holds an answer against the rules.
    ///
    /// # Errors
    /// Every rule that it breaks.
    pub fn new(question: SecurityQuestion, answer: &str) -> Result<Self, Problem> {
        let pair = json!({ "question": question.text(), "answer": answer });
        match RecoveryQuestion::from_json(&pair) {
            Ok(pair) => Ok(Self { question, folded_answer: pair.folded_answer() }),
            Err(violations) => {
                let problem = Problem::new(ErrorCode::ApiValidation).about("factorEnrollRequest");
                Err(violations.into_iter().fold(problem, |problem, violation| problem.because(violation.text)))
            }
        }
    }

    /// The question.
    #[must_use]
    pub const fn question(&self) -> SecurityQuestion {
        self.question
    }

    /// What to store a hash of.
    #[must_use]
    pub fn folded_answer(&self) -> &str {
        &self.folded_answer
    }
}

/// The hash of an answer, as one text.
pub(super) mod stored_answer {
    use serde::{Deserialize, Deserializer, Serializer, de, ser};

    use crate::user::credentials::StoredPassword;

    pub(in crate::factor) fn serialize<S: Serializer>(
        answer: &StoredPassword,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&answer.to_text().map_err(ser::Error::custom)?)
    }

    pub(in crate::factor) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<StoredPassword, D::Error> {
        StoredPassword::from_text(String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
