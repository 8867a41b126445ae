//! How large pages are.

use watchkeeper_window::page::{BYTES_MAX, Selection, window};

use crate::moment::{everything, frame, hundred, over};

#[test]
fn a_window_of_ten_and_one_of_a_hundred_fit() {
    let ten = window(&frame(), &over(everything()), &Selection::default());
    assert!(ten.as_str().len() <= BYTES_MAX, "{} bytes", ten.as_str().len());
    assert_eq!(ten.as_str().matches("<article").count(), 10, "each in full");
    let hundred = window(&frame(), &over(hundred()), &Selection::default());
    assert!(hundred.as_str().len() <= BYTES_MAX, "{} bytes", hundred.as_str().len());
    assert_eq!(hundred.as_str().matches("class=\"ln ").count(), 100, "each in a line");
}
