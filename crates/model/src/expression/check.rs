//! What can be known of an expression before a user is: that its attributes exist and its types fit.

use super::function::Parameter;
use super::{ExpressionError, ExpressionProblem, Kind, Node, Operator, Type, Value};

type TypeOf<'a> = &'a dyn Fn(&str) -> Option<Type>;

/// Checks that the node is a condition.
pub(super) fn check(root: &Node, type_of: TypeOf<'_>) -> Result<(), ExpressionError> {
    wanted(root, Type::Boolean, "The expression", type_of)
}

fn wanted(node: &Node, expected: Type, what: &str, type_of: TypeOf<'_>) -> Result<(), ExpressionError> {
    let found = infer(node, type_of)?;
    if found.fits(expected) {
        return Ok(());
    }
    let problem = ExpressionProblem::WrongType { what: what.to_owned(), expected, found };
    Err(ExpressionError { position: node.position, problem })
}

fn infer(node: &Node, type_of: TypeOf<'_>) -> Result<Type, ExpressionError> {
    Ok(match &node.kind {
        Kind::Literal(value) => match value {
            Value::Null => Type::Any,
            Value::Boolean(_) => Type::Boolean,
            Value::Number(_) => Type::Number,
            Value::Text(_) => Type::Text,
            Value::List(_) => Type::List,
        },
        Kind::Attribute(name) => type_of(name).ok_or_else(|| ExpressionError {
            position: node.position,
            problem: ExpressionProblem::UnknownAttribute(format!("user.{name}")),
        })?,
        Kind::Array(items) => {
            for item in items {
                infer(item, type_of)?;
            }
            Type::List
        }
        Kind::Not(operand) => {
            wanted(operand, Type::Boolean, "The operand of '!'", type_of)?;
            Type::Boolean
        }
        Kind::Binary(operator, left, right) => infer_binary(*operator, left, right, type_of)?,
        Kind::Choice(nodes) => {
            let [condition, then, otherwise] = &**nodes;
            wanted(condition, Type::Boolean, "The condition of '?'", type_of)?;
            let (then, otherwise) = (infer(then, type_of)?, infer(otherwise, type_of)?);
            if then == otherwise { then } else { Type::Any }
        }
        Kind::Call(function, arguments) => {
            for (index, argument) in arguments.iter().enumerate() {
                let what = format!("Parameter {} of {}", index + 1, function.name);
                match function.parameter(index) {
                    Parameter::Value(expected) => wanted(argument, expected, &what, type_of)?,
                    Parameter::Pattern => {
                        wanted(argument, Type::Text, &what, type_of)?;
                        check_pattern(argument)?;
                    }
                }
            }
            function.returns
        }
    })
}

fn infer_binary(operator: Operator, left: &Node, right: &Node, type_of: TypeOf<'_>) -> Result<Type, ExpressionError> {
    match operator {
        Operator::And | Operator::Or => {
            for operand in [left, right] {
                wanted(operand, Type::Boolean, "An operand of AND or OR", type_of)?;
            }
            Ok(Type::Boolean)
        }
        // Values of two types are never equal, which may be asked.
        Operator::Equal | Operator::NotEqual => {
            infer(left, type_of)?;
            infer(right, type_of)?;
            Ok(Type::Boolean)
        }
        Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual => {
            let expected = match infer(left, type_of)? {
                Type::Text => Type::Text,
                Type::Any => Type::Any,
                _ => Type::Number,
            };
            for operand in [left, right] {
                wanted(operand, expected, "An operand of a comparison", type_of)?;
            }
            Ok(Type::Boolean)
        }
        Operator::Plus => Ok(match (infer(left, type_of)?, infer(right, type_of)?) {
            (Type::Number, Type::Number) => Type::Number,
            (Type::Text, _) | (_, Type::Text) => Type::Text,
            _ => Type::Any,
        }),
    }
}

fn check_pattern(argument: &Node) -> Result<(), ExpressionError> {
    let problem = ExpressionProblem::BadPattern;
    match argument.literal_text().map(super::evaluate::pattern) {
        Some(None) => Err(ExpressionError { position: argument.position, problem }),
        Some(Some(_)) | None => Ok(()),
    }
}
